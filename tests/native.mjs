// The native command, for tests that compare it with the browser's binary. Built by `npm test` before they run.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../target/release/nas', import.meta.url));

/** A short run that asks for duplicates, rejects draws and ends with final trainings. */
export const SHORT_RUN =
  'v=1&device=arduino-uno&candidates=32&epochs=2&samples=256&seed=11&layers.widths=4,8&layers.max_depth=3&train.final_epochs=3';

/**
 * Standard output of the command, which must succeed.
 * @type {(...words: string[]) => string}
 */
export function nas(...words) {
  return runNas(words, 0).stdout;
}

/**
 * Runs the command, which must end with this exit code.
 * @type {(words: readonly string[], exitCode: number) => { stdout: string, stderr: string }}
 */
export function runNas(words, exitCode) {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (status !== exitCode) throw new Error(`nas ${words.join(' ')}: exit code ${status}\n${stderr}`);
  return { stdout, stderr };
}

/** @type {() => string} */
export function temporaryFolder() {
  return mkdtempSync(join(tmpdir(), 'nas-'));
}

/**
 * The log of a run, made natively.
 * @type {(link: string, workers: number, more?: { words: readonly string[], exitCode: number }) => string}
 */
export function nativeLog(link, workers, { words, exitCode } = { words: [], exitCode: 0 }) {
  const file = join(temporaryFolder(), 'log.jsonl');
  runNas(['run', link, '--workers', String(workers), '--log', file, ...words], exitCode);
  return readFileSync(file, 'utf8');
}
