#!/usr/bin/env node
import { browse } from "./browse.ts";
import { stdinInput } from "./input.ts";
import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  outBytes: (bytes) => void process.stdout.write(bytes),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  columns: process.stderr.columns ?? 80,
  cwd: process.cwd(),
  outIsTerminal: process.stdout.isTTY === true,
  input: stdinInput(process.stdin, process.stderr),
  browse: (url) => browse(url, process.platform, process.env),
});
