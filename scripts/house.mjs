// What the house's commands share. No dependencies: they run before `npm ci` has.
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { env, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const settings = {
  cwd: root,
  env: { ...env, PATH: [join(root, 'node_modules', '.bin'), env.PATH].join(delimiter) },
  encoding: 'utf8',
  // The programs of npm packages are batch files there.
  shell: platform === 'win32',
};

/**
 * Runs a command line in the repository's root, npm packages' programs included, and shows what it prints.
 * @param {string} commandLine words separated by single spaces
 * @param {Record<string, string>} variables added to the environment
 * @throws when it does not exit with 0
 */
export function run(commandLine, variables = {}) {
  const [program, ...args] = commandLine.split(' ');
  const result = spawnSync(program, args, {
    ...settings,
    env: { ...settings.env, ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`\`${commandLine}\` failed (${result.signal ?? result.status})`);
}

/**
 * What a command line prints, or undefined when it fails or is not there.
 * @param {string} commandLine words separated by single spaces
 */
export function capture(commandLine) {
  const [program, ...args] = commandLine.split(' ');
  const result = spawnSync(program, args, { ...settings, stdio: ['ignore', 'pipe', 'ignore'] });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * The body of a command: an error ends it with one sentence and exit code 1.
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
