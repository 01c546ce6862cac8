// A classic worker: TensorFlow.js's bundles are scripts that share the global `tf`.
/* global importScripts, tf, tfjsModel */
const packages = '/peers/node_modules/@tensorflow';
importScripts(
  `${packages}/tfjs/dist/tf.min.js`,
  `${packages}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`,
  '/peers/tfjs-wasm-patch.js',
  '/peers/tfjs-models.js',
);

const WARM_UP_STEPS = 5;
/** Steps of seconds need no more than one. */
const WARM_UP_MS = 1000;
const LEAST_STEPS = 3;

// The page is isolated for its clock, where the backend would take all cores; the engine is measured with one.
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
tf.wasm.setWasmPaths(`${packages}/tfjs-backend-wasm/dist/`);
const ready = tf.setBackend('wasm').then(() => tf.ready());

self.onmessage = async ({ data: request }) => {
  try {
    await ready;
    self.postMessage({ result: await measure(request) });
  } catch (error) {
    self.postMessage({ error: String(error.message ?? error) });
  }
};

/** One `trainOnBatch` is forward, cross-entropy, backward and update. */
async function measure({ workload, batch, optimizer, seed, seconds }) {
  const { model, shape } = tfjsModel(workload);
  model.compile({
    optimizer: optimizer === 'sgd' ? tf.train.momentum(0.01, 0.9) : tf.train.adam(0.01),
    loss: 'categoricalCrossentropy',
  });
  const images = tf.randomNormal([batch, ...shape], 0, 1, 'float32', seed);
  const classes = Int32Array.from({ length: batch }, (_, image) => image % 10);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(classes, 'int32'), 10).toFloat());
  const begin = performance.now();
  for (let step = 0; step < WARM_UP_STEPS && performance.now() - begin < WARM_UP_MS; step += 1) {
    await model.trainOnBatch(images, labels);
  }
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < LEAST_STEPS || performance.now() < end) {
    const start = performance.now();
    await model.trainOnBatch(images, labels);
    times.push(performance.now() - start);
  }
  const params = model.trainableWeights.reduce(
    (sum, weight) => sum + weight.shape.reduce((a, b) => a * b, 1),
    0,
  );
  tf.dispose([images, labels]);
  model.dispose();
  times.sort((a, b) => a - b);
  return { ms: times[(times.length - 1) >> 1], params };
}
