// The browsers that tests and benchmarks drive.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env, getuid, platform } from 'node:process';
import { capture, run } from './house.mjs';

const chromium = {
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe'],
  usualPlaces: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ],
};
const firefox = {
  names: ['firefox', 'firefox-esr', 'firefox.exe'],
  usualPlaces: [
    '/Applications/Firefox.app/Contents/MacOS/firefox',
    'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
  ],
};

/** The path of an installed Chrome or Chromium: $CHROMIUM, else from PATH, else from where installers put it. */
export function findChromium() {
  return env.CHROMIUM || find(chromium);
}

/** That of an installed Firefox, likewise: $FIREFOX first. */
export function findFirefox() {
  return env.FIREFOX || find(firefox);
}

/** Installs Chromium when none is found: Debian's as root, otherwise Playwright's, which Playwright finds itself. */
export function installChromium() {
  if (findChromium()) return;
  if (platform === 'linux' && getuid?.() === 0 && capture('apt-get --version') !== '') {
    run('apt-get update');
    run('apt-get install --yes --no-install-recommends chromium', { DEBIAN_FRONTEND: 'noninteractive' });
  } else {
    run('playwright install chromium');
  }
}

/** @type {(browser: { names: readonly string[], usualPlaces: readonly string[] }) => string | undefined} */
function find({ names, usualPlaces }) {
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, ...usualPlaces].find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
