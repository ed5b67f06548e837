# src/kernel
