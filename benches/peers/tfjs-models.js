// The networks of the workloads in TensorFlow.js's layers.
/* global tf */
globalThis.tfjsModel = (workload) => {
  const shape = { W1: [8, 8, 1], W2: [28, 28, 1], W3: [32, 32, 3], W4: [32, 32, 3] }[workload];
  const input = tf.input({ shape });
  let x = input;
  switch (workload) {
    case 'W1':
      x = convolution(x, 8);
      x = convolution(x, 16, { stride: 2 });
      break;
    case 'W2':
      x = convolution(x, 16, { stride: 2 });
      x = fire(x, 8, 16);
      x = tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }).apply(x);
      x = fire(x, 16, 32);
      break;
    case 'W3':
      x = convolution(x, 16);
      x = invertedResidual(x, 16, 24, 1);
      x = invertedResidual(x, 24, 32, 2);
      x = invertedResidual(x, 32, 32, 1);
      x = invertedResidual(x, 32, 48, 2);
      break;
    case 'W4':
      x = convolution(x, 16);
      x = invertedResidual(x, 16, 24, 1);
      x = invertedResidual(x, 24, 32, 2);
      x = convolution(x, 32);
      x = tf.layers.conv2d({ filters: 48, kernelSize: 2, strides: 2, padding: 'same' }).apply(x);
      x = new Transformer({}).apply(x);
      x = convolution(x, 48, { kernel: 1 });
      break;
    default:
      throw new Error(`there is no workload '${workload}'`);
  }
  x = tf.layers.globalAveragePooling2d({}).apply(x);
  x = tf.layers.dense({ units: 10, activation: 'softmax' }).apply(x);
  return { model: tf.model({ inputs: input, outputs: x }), shape };
};

function convolution(x, filters, { kernel = 3, stride = 1, ceiling = undefined, activation = true } = {}) {
  const options = { filters, kernelSize: kernel, strides: stride, padding: 'same', useBias: false };
  x = tf.layers.conv2d({ ...options, kernelInitializer: 'heNormal' }).apply(x);
  x = tf.layers.batchNormalization().apply(x);
  return activation ? tf.layers.reLU(ceiling ? { maxValue: ceiling } : {}).apply(x) : x;
}

function depthwise(x, stride) {
  const options = { kernelSize: 3, strides: stride, padding: 'same', useBias: false };
  x = tf.layers.depthwiseConv2d({ ...options, depthwiseInitializer: 'heNormal' }).apply(x);
  x = tf.layers.batchNormalization().apply(x);
  return tf.layers.reLU({ maxValue: 6 }).apply(x);
}

function fire(x, squeeze, expand) {
  const layer = (from, filters, kernelSize) =>
    tf.layers.conv2d({ filters, kernelSize, padding: 'same', activation: 'relu' }).apply(from);
  x = layer(x, squeeze, 1);
  return tf.layers.concatenate().apply([layer(x, expand, 1), layer(x, expand, 3)]);
}

function invertedResidual(x, inputs, outputs, stride) {
  let y = convolution(x, inputs * 4, { kernel: 1, ceiling: 6 });
  y = depthwise(y, stride);
  y = convolution(y, outputs, { kernel: 1, activation: false });
  return stride === 1 && inputs === outputs ? tf.layers.add().apply([x, y]) : y;
}

/** Normalisation, attention of two heads, normalisation, an MLP of twice the width with SiLU, normalisation. */
class Transformer extends tf.layers.Layer {
  static className = 'Transformer';
  heads = 2;

  build(shape) {
    const width = shape[3];
    const weight = (name, size, initializer) =>
      this.addWeight(name, size, 'float32', tf.initializers[initializer]({}));
    const dense = (name, inputs, outputs) => [
      weight(`${name}-weight`, [inputs, outputs], 'glorotUniform'),
      weight(`${name}-bias`, [outputs], 'zeros'),
    ];
    this.norms = [0, 1, 2].map((i) => [
      weight(`norm${i}-scale`, [width], 'ones'),
      weight(`norm${i}-shift`, [width], 'zeros'),
    ]);
    this.projections = {
      qkv: dense('qkv', width, 3 * width),
      out: dense('out', width, width),
      widen: dense('widen', width, 2 * width),
      narrow: dense('narrow', 2 * width, width),
    };
    super.build(shape);
  }

  computeOutputShape(shape) {
    return shape;
  }

  call(inputs) {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const [batch, height, width, channels] = x.shape;
      const tokens = height * width;
      const perHead = channels / this.heads;
      const normalize = (t, i) => {
        const [scale, shift] = this.norms[i];
        const centred = t.sub(t.mean(-1, true));
        const variance = centred.square().mean(-1, true);
        return centred.mul(variance.add(1e-5).rsqrt()).mul(scale.read()).add(shift.read());
      };
      const project = (t, name) => {
        const [weight, bias] = this.projections[name];
        return tf
          .matMul(t.reshape([batch * tokens, -1]), weight.read())
          .add(bias.read())
          .reshape([batch, tokens, -1]);
      };
      const split = (t) => t.reshape([batch, tokens, this.heads, perHead]).transpose([0, 2, 1, 3]);

      let t = x.reshape([batch, tokens, channels]);
      const [query, key, value] = tf.split(project(normalize(t, 0), 'qkv'), 3, 2).map(split);
      const weights = tf.softmax(tf.matMul(query, key, false, true).mul(1 / Math.sqrt(perHead)), -1);
      const attended = tf.matMul(weights, value).transpose([0, 2, 1, 3]).reshape([batch, tokens, channels]);
      t = t.add(project(attended, 'out'));
      const hidden = project(normalize(t, 1), 'widen');
      t = t.add(project(hidden.mul(tf.sigmoid(hidden)), 'narrow'));
      return normalize(t, 2).reshape([batch, height, width, channels]);
    });
  }
}
