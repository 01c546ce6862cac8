// PyTorch on one thread, in a process that stays.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { env } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('torch_bench.py', import.meta.url));
const pythons = [env.PYTHON, '/opt/venv/bin/python', 'python3'].filter((python) => python !== undefined);

/** In the order of channels that PyTorch has by itself. @type {import('../hosts/host.mjs').Open} */
export const openTorch = () => open('torch', false);
/** In that of the engine. @type {import('../hosts/host.mjs').Open} */
export const openTorchChannelsLast = () => open('torch-channels-last', true);

async function open(name, channelsLast) {
  const python = pythons.find((each) => spawnSync(each, ['-c', 'import torch']).status === 0);
  if (python === undefined) return undefined;
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  const measure = async (request) => {
    child.stdin.write(`${JSON.stringify({ ...request, channels_last: channelsLast })}\n`);
    const answer = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => undefined)]);
    if (answer === undefined) throw new Error('PyTorch has ended early');
    return JSON.parse(answer[0]);
  };
  return {
    name,
    lanes: [{ measure }],
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
