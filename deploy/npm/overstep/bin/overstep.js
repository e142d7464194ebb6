#!/usr/bin/env node
// Runs the binary of the package for this platform, with the same arguments, streams, signals and exit code.
"use strict";

const { spawn } = require("child_process");
const os = require("os");

const name = `@overstep/${process.platform}-${process.arch}`;

function findBinary() {
  try {
    return require.resolve(`${name}/overstep`);
  } catch {
    console.error(
      `overstep: the package ${name} is not installed.\n` +
        "It is an optional dependency: install without --omit=optional, or build overstep with cargo.",
    );
    process.exit(2);
  }
}

const child = spawn(findBinary(), process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`overstep: ${error.message}`);
  process.exit(2);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal] ?? 0)));
