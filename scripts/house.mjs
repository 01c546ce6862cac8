// What the house's commands share. No dependencies: they run before `npm ci` has.
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const settings = {
  cwd: root,
  // The programs of npm packages, also when npm did not start this one.
  env: { ...env, PATH: [join(root, 'node_modules', '.bin'), env.PATH].join(delimiter) },
  shell: true,
};

/**
 * Runs a command line in the repository's root and shows what it prints.
 * @param {string} commandLine
 * @param {Record<string, string>} variables added to the environment
 * @throws {Error} when it does not exit with 0
 */
export function run(commandLine, variables = {}) {
  const { status, signal } = spawnSync(commandLine, {
    ...settings,
    env: { ...settings.env, ...variables },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`\`${commandLine}\` failed (${signal ?? status}).`);
}

/**
 * What a command line prints, or nothing when it fails or is not there.
 * @param {string} commandLine
 */
export function capture(commandLine) {
  const { status, stdout } = spawnSync(commandLine, {
    ...settings,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : '';
}

/**
 * Runs the body of a command: an error ends it with one sentence and exit code 1.
 * @param {() => void | Promise<void>} body
 */
export async function command(body) {
  try {
    await body();
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
