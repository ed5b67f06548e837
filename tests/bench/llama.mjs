// llama.mjs - llama.cpp through node-llama-cpp, for compare.py: "node llama.mjs MODEL THREADS DEPTH ROOM".
// Reads lines "prefill N" and "decode N"; answers each with the wall and the CPU seconds of N more tokens behind
// DEPTH tokens, which it forgets again.  NODE_MODULES is the folder that has node-llama-cpp.
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";
import path from "node:path";

const [file, threads, depth, room] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const place = path.join(process.env.NODE_MODULES, "node-llama-cpp", "dist", "index.js");
const {getLlama} = await import(pathToFileURL(place).href);

const llama = await getLlama({gpu: false, build: "never", skipDownload: true, progressLogs: false, logLevel: "error"});
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({
    contextSize: depth + room, batchSize: 512, threads: {ideal: threads, min: threads},
    flashAttention: process.env.FLASH === "1"
});
const sequence = context.getSequence();
let state = 1;

function ids(n) {
    return Array.from({length: n}, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state >>> 8) % 256;
    });
}

async function timed(work) {
    const before = process.cpuUsage(), start = process.hrtime.bigint();

    await work();
    const cpu = process.cpuUsage(before), wall = Number(process.hrtime.bigint() - start) / 1e9;
    console.log(wall.toFixed(6), ((cpu.user + cpu.system) / 1e6).toFixed(6));
}

if (depth > 0)
    await sequence.evaluateWithoutGeneratingNewTokens(ids(depth));
console.log("ready");
for await (const line of createInterface({input: process.stdin})) {
    const [what, n] = [line.split(" ")[0], Number(line.split(" ")[1])];

    await timed(async () => {
        if (what === "prefill")
            await sequence.evaluateWithoutGeneratingNewTokens(ids(n));
        else
            for (const id of ids(n))
                await sequence.evaluateWithoutGeneratingNewTokens([id]);
    });
    await sequence.eraseContextTokenRanges([{start: depth, end: sequence.nextTokenIndex}]);
}
process.exit(0);
