// Kernels that TensorFlow.js 4.22 lacks on its wasm backend and a training needs, made of kernels that it has: what
// somebody would do who wanted to train with it today.
/* global tf */
{
  /** Padding before and after an axis, so that `same` halves it by the stride. */
  const same = (size, kernel, stride) => {
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
    return [total >> 1, total - (total >> 1)];
  };

  const paddings = (padding, [height, width], [kernelHeight, kernelWidth], [strideY, strideX]) => {
    if (padding === 'same') return [same(height, kernelHeight, strideY), same(width, kernelWidth, strideX)];
    const each = padding === 'valid' ? 0 : padding;
    return [
      [each, each],
      [each, each],
    ];
  };

  const pair = (value) => (Array.isArray(value) ? value : [value, value]);

  /** For each place in the kernel, the inputs that it meets: of the size of the output. */
  const taps = (x, dy, filterShape, strides, padding) => {
    const [kernelHeight, kernelWidth] = filterShape;
    const [strideY, strideX] = strides;
    const [batch, height, width, channels] = x.shape;
    const [, outHeight, outWidth] = dy.shape;
    const [vertical, horizontal] = paddings(padding, [height, width], filterShape, strides);
    const padded = tf.pad(x, [[0, 0], vertical, horizontal, [0, 0]]);
    const slices = [];
    for (let i = 0; i < kernelHeight; i += 1) {
      for (let j = 0; j < kernelWidth; j += 1) {
        const end = [batch, i + (outHeight - 1) * strideY + 1, j + (outWidth - 1) * strideX + 1, channels];
        slices.push(tf.stridedSlice(padded, [0, i, j, 0], end, [1, strideY, strideX, 1]));
      }
    }
    return slices;
  };

  const register = (kernelName, compute) =>
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => compute(inputs, attrs)),
    });

  register('Conv2DBackpropFilter', ({ x, dy }, { strides, pad, filterShape }) => {
    const [kernelHeight, kernelWidth, inChannels, outChannels] = filterShape;
    const rows = dy.size / outChannels;
    const gradient = dy.reshape([rows, outChannels]);
    const product = (slice) => tf.matMul(slice.reshape([rows, inChannels]), gradient, true, false);
    if (kernelHeight === 1 && kernelWidth === 1 && pair(strides)[0] === 1) {
      return product(x).reshape(filterShape);
    }
    return tf.stack(taps(x, dy, filterShape, pair(strides), pad).map(product)).reshape(filterShape);
  });

  register('DepthwiseConv2dNativeBackpropFilter', ({ x, dy }, { strides, pad, filterShape }) => {
    const sums = taps(x, dy, filterShape, pair(strides), pad).map((slice) => slice.mul(dy).sum([0, 1, 2]));
    return tf.stack(sums).reshape(filterShape);
  });

  register('DepthwiseConv2dNativeBackpropInput', ({ dy, filter }, { strides, pad, inputShape }) => {
    const [kernelHeight, kernelWidth, channels] = filter.shape;
    const [batch, height, width] = inputShape;
    const [, outHeight, outWidth] = dy.shape;
    const [strideY, strideX] = pair(strides);
    const [vertical, horizontal] = paddings(pad, [height, width], filter.shape, pair(strides));
    // Gradients apart by the stride, zeros between them; then a convolution with the kernel turned round.
    let spread = dy;
    if (strideY > 1 || strideX > 1) {
      const zeros = (t, count) => Array.from({ length: count }, () => tf.zerosLike(t));
      spread = tf
        .stack([spread, ...zeros(spread, strideY - 1)], 2)
        .reshape([batch, outHeight * strideY, outWidth, channels]);
      spread = tf
        .stack([spread, ...zeros(spread, strideX - 1)], 3)
        .reshape([batch, outHeight * strideY, outWidth * strideX, channels])
        .slice([0, 0, 0, 0], [batch, (outHeight - 1) * strideY + 1, (outWidth - 1) * strideX + 1, channels]);
    }
    const top = kernelHeight - 1 - vertical[0];
    const left = kernelWidth - 1 - horizontal[0];
    const bottom = height + kernelHeight - 1 - top - spread.shape[1];
    const right = width + kernelWidth - 1 - left - spread.shape[2];
    const padded = tf.pad(spread, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    return tf.depthwiseConv2d(padded, filter.reverse([0, 1]), 1, 'valid');
  });
}
