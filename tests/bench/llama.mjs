// llama.mjs - llama.cpp through node-llama-cpp, for compare.py: "node llama.mjs MODEL THREADS DEPTH ROOM".
// Reads lines "prefill N" and "decode N"; answers each with the wall and the CPU seconds of N more tokens behind
// DEPTH tokens (rounded down to whole blocks of 256), which it forgets again.  NODE_MODULES is the folder that has
// node-llama-cpp.
//
// Of the DEPTH tokens one block is computed.  Its saved state is read back with that block repeated, as
// src/cli/deep.h does for kvasir: what keys and values are worth does not change the time they take.
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const BLOCK = 256;
const [file, threads, wanted, room] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const blocks = Math.floor(wanted / BLOCK), depth = blocks * BLOCK;
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

// A saved state of one sequence: "ggsq", version, number and ids of the tokens; number of streams (1) and cells; of each cell its
// position, number of sequences (1) and their ids; whether values lie by dimension; number of layers; of each
// layer the keys' type, bytes (64 bits) and rows; then the values' type, bytes and rows, or type, bytes of one,
// dimensions and columns.
function repeated(state, times) {
    const parts = [];
    const int = at => state.readUInt32LE(at);
    const bytes = (begin, end) => parts.push(state.subarray(begin, end));
    const repeat = (begin, size) => {
        for (let i = 0; i < times; i++)
            bytes(begin, begin + size);
        return begin + size;
    };
    const number = value => parts.push(Buffer.from(Uint32Array.of(value).buffer));
    const n = int(8);

    if (int(4) !== 3 || int(12 + 4 * n) !== 1 || int(16 + 4 * n) !== n)
        throw new Error("llama.cpp saves its state in a form that is not known here");
    bytes(0, 8);
    number(n * times);
    let at = repeat(12, 4 * n);
    number(1);
    number(n * times);
    at += 8;
    for (let i = 0; i < n * times; i++) {
        number(i);
        bytes(at + 4, at + 12);
    }
    at += 12 * n;
    const byDimension = int(at) === 1, layers = int(at + 4);
    bytes(at, at + 8);
    at += 8;
    for (let i = 0; i < 2 * layers; i++) {
        bytes(at, at + 12);
        if (i >= layers && byDimension) {
            const size = int(at + 4), dimensions = int(at + 8);
            at += 12;
            for (let d = 0; d < dimensions; d++)
                at = repeat(at, size * n);
        } else
            at = repeat(at + 12, int(at + 4) * n);
    }
    return Buffer.concat(parts);
}

async function deepen() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kvasir-bench-"));
    const saved = path.join(folder, "state");

    await sequence.evaluateWithoutGeneratingNewTokens(ids(BLOCK));
    try {
        await sequence.saveStateToFile(saved);
        fs.writeFileSync(saved, repeated(fs.readFileSync(saved), blocks));
        await sequence.loadStateFromFile(saved, {acceptRisk: true});
    } finally {
        fs.rmSync(folder, {recursive: true});
    }
    if (sequence.nextTokenIndex !== depth)
        throw new Error("llama.cpp did not take the repeated state");
}

if (depth > 0)
    await deepen();
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
