// Run by `npm run soak`: how long the browser's binary works between two looks at messages, for networks far larger than
// those it is made for. It prints what it measures; that no step is long in multiply-accumulates is a test of crate nn.
import { performance } from 'node:perf_hooks';
import { evaluatorFor, firstJob } from './browser-binary.mjs';

const SECONDS = 8;
const LINK = '#v=1&data=mnist&res=28&candidates=1&seed=1';

const conv = (channels, kernel, more = {}) => ({ op: 'conv2d', out_channels: channels, kernel, ...more });
const head = [{ op: 'global-avg-pool' }, { op: 'dense', out_features: 10 }];
const networks = {
  'two convolutions 5×5, 256 channels': [conv(256, 5), conv(256, 5), ...head],
  'convolution 3×3, 1024 to 1024 channels': [conv(1024, 1), conv(1024, 3, { stride: 2 }), ...head],
  'depthwise convolution 27×27': [conv(256, 1), conv(256, 27, { groups: 256 }), ...head],
  'max pooling 27×27': [conv(256, 1), { op: 'max-pool', kernel: 27, stride: 1, padding: 'same' }, ...head],
  'attention among 784 tokens': [conv(768, 1), { op: 'attention', heads: 1 }, ...head],
  'GELU of 2048 channels': [conv(2048, 1), { op: 'gelu' }, ...head],
  'normalization of 2048 channels': [conv(2048, 1), { op: 'batch-norm' }, { op: 'layer-norm' }, ...head],
  'dense layer of 16 million weights': [
    { op: 'dense', out_features: 20_480 },
    { op: 'dense', out_features: 10 },
  ],
};

const job = firstJob(LINK);
const evaluator = evaluatorFor(job.data);
for (const [name, layers] of Object.entries(networks)) {
  const named = layers.map((layer, index) => ({ name: `layer${index}`, ...layer }));
  const begun = performance.now();
  const failed = evaluator.begin({ ...job, network: { input: [1, 28, 28], layers: named } });
  const beginning = performance.now() - begun;
  if (failed) {
    console.log(`${name}: ${JSON.stringify(failed)}`);
    continue;
  }
  let [longest, steps] = [0, 0];
  for (const until = performance.now() + SECONDS * 1000; performance.now() < until; steps += 1) {
    const start = performance.now();
    evaluator.step(1);
    longest = Math.max(longest, performance.now() - start);
  }
  console.log(
    `${name}: at most ${longest.toFixed(0)} ms in ${steps} steps, ${beginning.toFixed(0)} ms to begin`,
  );
}
evaluator.free();
