/**
 * A made-up search space for tests: stacks of convolutions, fire modules, separable convolutions and pools,
 * with costs of about the right size.
 */
import { limitOn, limitsOf } from '../model/limits';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { Device } from '../protocol/generated/Device';
import type { GeneView } from '../protocol/generated/GeneView';
import type { Layer } from '../protocol/generated/Layer';
import type { LayerCost } from '../protocol/generated/LayerCost';
import type { Network } from '../protocol/generated/Network';
import type { NetworkCosts } from '../protocol/generated/NetworkCosts';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { Shape } from '../protocol/generated/Shape';

const DEPTH = 6;
export const FAKE_OPERATORS = [
  'conv1x1',
  'conv3x3',
  'conv5x5',
  'separable3x3',
  'fire',
  'batch-norm',
  'max-pool',
  'avg-pool',
  'identity',
];
export const FAKE_WIDTHS = ['4', '8', '16', '32'];
const WITH_WIDTH = [0, 1, 2, 3, 4];
const INPUT: Shape = [1, 8, 8];

export const FAKE_GENES: readonly GeneView[] = [
  {
    id: 'depth',
    choices: Array.from({ length: DEPTH }, (_, depth) => String(depth + 1)),
    parent: null,
    active_when: [],
  },
  ...Array.from({ length: DEPTH }, (_, layer): GeneView[] => {
    const active_when = Array.from({ length: DEPTH - layer }, (_, more) => layer + more);
    return [
      { id: `layer${layer + 1}.operator`, choices: FAKE_OPERATORS, parent: 0, active_when },
      {
        id: `layer${layer + 1}.width`,
        choices: FAKE_WIDTHS,
        parent: 1 + 2 * layer,
        active_when: WITH_WIDTH,
      },
    ];
  }).flat(),
];

/** A pseudo-random sequence from a seed, each value in [0, 1). */
export function fakeRandom(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function fakeGenes(random: () => number): number[] {
  const pick = (count: number): number => Math.floor(random() * count);
  const depth = pick(DEPTH);
  return [
    depth,
    ...Array.from({ length: DEPTH }, (_, layer) => {
      const operator = layer <= depth ? pick(FAKE_OPERATORS.length) : 0;
      return [operator, layer <= depth && WITH_WIDTH.includes(operator) ? pick(FAKE_WIDTHS.length) : 0];
    }).flat(),
  ];
}

/** Builds layers one after the other. */
class Stack {
  readonly layers: Layer[] = [];
  newest = 'input';

  push(name: string, op: Record<string, unknown> & { op: Layer['op'] }, inputs = [this.newest]): string {
    this.layers.push({ name, inputs, ...op } as Layer);
    this.newest = name;
    return name;
  }

  conv(name: string, channels: number, kernel: number, groups = 1): string {
    const settings = groups > 1 ? { groups, bias: false } : { bias: false };
    this.push(name, { op: 'conv2d', out_channels: channels, kernel, ...settings });
    this.push(`${name}.norm`, { op: 'batch-norm' });
    return this.push(`${name}.relu`, { op: 'relu' });
  }
}

export function fakeNetwork(genes: readonly number[]): Network {
  const stack = new Stack();
  let channels = INPUT[0];
  let size = INPUT[1];
  for (let layer = 0; layer <= (genes[0] ?? 0); layer += 1) {
    const operator = FAKE_OPERATORS[genes[1 + 2 * layer] ?? 0] ?? 'identity';
    const width = Number(FAKE_WIDTHS[genes[2 + 2 * layer] ?? 0]);
    const name = (part: string): string => `layer${layer + 1}.${part}`;
    switch (operator) {
      case 'separable3x3':
        stack.conv(name('depthwise'), channels, 3, channels);
        stack.conv(name('pointwise'), width, 1);
        channels = width;
        break;
      case 'fire': {
        const squeezed = stack.conv(name('squeeze'), width / 4, 1);
        const narrow = stack.conv(name('expand1x1'), width / 2, 1);
        stack.newest = squeezed;
        const wide = stack.conv(name('expand3x3'), width / 2, 3);
        stack.push(name('concat'), { op: 'concat' }, [narrow, wide]);
        channels = width;
        break;
      }
      case 'batch-norm':
        stack.push(name('norm'), { op: 'batch-norm' });
        break;
      case 'max-pool':
      case 'avg-pool':
        stack.push(name('pool'), { op: operator, kernel: Math.min(2, size) });
        size = Math.max(1, Math.floor(size / 2));
        break;
      case 'identity':
        break;
      default:
        stack.conv(name('conv'), width, Number(operator.at(-1)));
        channels = width;
    }
  }
  stack.push('pool', { op: 'global-avg-pool' });
  stack.push('classifier', { op: 'dense', out_features: 10 });
  return { input: INPUT, layers: stack.layers };
}

/** Layer by layer, without folding: near enough for a test. */
export function fakeCosts(network: Network): NetworkCosts {
  const shapes = new Map<string, Shape>([['input', network.input]]);
  const layers = network.layers.map((layer): LayerCost => {
    const inputs = (layer.inputs ?? []).map((name) => shapes.get(name) ?? network.input);
    const input = inputs[0] ?? network.input;
    const shape = fakeShape(layer, inputs);
    shapes.set(layer.name, shape);
    const weights = weightsOf(layer, input);
    const pixels = shape[1] * shape[2];
    const isStep = layer.op !== 'batch-norm' && layer.op !== 'relu';
    const ram = inputs.reduce((sum, each) => sum + elements(each), 0) + elements(shape);
    return {
      name: layer.name,
      op: layer.op,
      shape,
      execution: isStep ? 'step' : layer.op === 'relu' ? 'fused' : 'folded',
      params: weights + (layer.op === 'batch-norm' ? 2 * shape[0] : layer.op === 'dense' ? shape[0] : 0),
      macs: weights * pixels,
      flops: 2 * weights * pixels + elements(shape),
      flash_bytes_int8: isStep ? 28 + weights + (weights > 0 ? 12 * shape[0] : 0) : 0,
      ram_bytes_int8: isStep ? ram : 0,
    };
  });
  const sum = (of: (layer: LayerCost) => number): number =>
    layers.reduce((total, layer) => total + of(layer), 0);
  const timeline = layers.flatMap((layer, index) =>
    layer.execution === 'step' ? [{ layer: index, bytes: layer.ram_bytes_int8 }] : [],
  );
  const peak = Math.max(...timeline.map(({ bytes }) => bytes));
  const params = sum(({ params }) => params);
  const flash = 16 + sum(({ flash_bytes_int8 }) => flash_bytes_int8);
  return {
    params,
    params_total: params,
    params_deployed: params,
    macs: sum(({ macs }) => macs),
    flops: sum(({ flops }) => flops),
    memory: {
      int8: { flash_bytes: flash, peak_ram_bytes: peak, timeline },
      f32: { flash_bytes: 4 * params, peak_ram_bytes: 4 * peak, timeline },
      given_order_peak_ram_bytes: peak,
      is_order_optimal: true,
    },
    layers,
  };
}

function fakeShape(layer: Layer, inputs: readonly Shape[]): Shape {
  const [channels, height, width] = inputs[0] ?? INPUT;
  switch (layer.op) {
    case 'conv2d':
      return [layer.out_channels, height, width];
    case 'max-pool':
    case 'avg-pool': {
      const kernel = Number(layer.kernel);
      return [channels, Math.floor(height / kernel), Math.floor(width / kernel)];
    }
    case 'global-avg-pool':
      return [channels, 1, 1];
    case 'dense':
      return [layer.out_features, 1, 1];
    case 'concat':
      return [inputs.reduce((sum, shape) => sum + shape[0], 0), height, width];
    case 'batch-norm':
    case 'layer-norm':
    case 'relu':
    case 'relu6':
    case 'leaky-relu':
    case 'silu':
    case 'gelu':
    case 'hard-swish':
    case 'hard-sigmoid':
    case 'sigmoid':
    case 'tanh':
    case 'add':
    case 'multiply':
    case 'mixture':
    case 'channel-shuffle':
    case 'dropout':
    case 'identity':
      return [channels, height, width];
    case 'meta-conv2d':
    case 'attention':
    case 'upsample':
    case 'downsample':
    case 'zero':
      throw new Error(`the made-up space has no ${layer.op}`);
  }
}

function weightsOf(layer: Layer, input: Shape): number {
  if (layer.op === 'conv2d') {
    return layer.out_channels * (input[0] / (layer.groups ?? 1)) * Number(layer.kernel) ** 2;
  }
  return layer.op === 'dense' ? layer.out_features * elements(input) : 0;
}

function elements(shape: Shape): number {
  return shape[0] * shape[1] * shape[2];
}

/** A candidate of the made-up space, priced on all devices. */
export function fakeCandidate(
  config: RunConfig,
  devices: readonly Device[],
  genes: readonly number[],
): CandidateView {
  const network = fakeNetwork(genes);
  const costs = fakeCosts(network);
  const estimates = devices.map((device) => {
    const rate = device.compute?.operations_per_second ?? 1e6;
    const latency_ms = ((2 * costs.macs + 5000) / rate) * 1000;
    return {
      device: device.id,
      method: 'stated-peak' as const,
      latency_ms,
      energy_mj: device.power === null ? null : device.power.watts * latency_ms,
      error_percent: null,
      note: { en: 'from the peak rate', es: 'según la tasa máxima' },
    };
  });
  const name = genes.join('').padEnd(12, '0').slice(0, 12);
  const estimate = estimates.find(({ device }) => device === config.device);
  const summary = {
    params: costs.params,
    macs: costs.macs,
    flops: costs.flops,
    flash_bytes: costs.memory.int8.flash_bytes,
    ram_bytes: costs.memory.int8.peak_ram_bytes,
    latency_ms: estimate?.latency_ms ?? 0,
    energy_mj: estimate?.energy_mj ?? null,
  };
  const limits = limitsOf(config, devices);
  const violations = (
    [
      ['ram', summary.ram_bytes],
      ['flash', summary.flash_bytes],
      ['latency', summary.latency_ms],
    ] as const
  ).flatMap(([constraint, value]) => {
    const limit = limitOn(constraint, limits);
    return limit !== null && value > limit ? [{ constraint, value, limit }] : [];
  });
  const priced = { name, network, costs, summary, estimates, accelerator: null, violations };
  return { genes: [...genes], ...priced };
}
