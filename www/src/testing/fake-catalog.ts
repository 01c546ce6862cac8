import type { Catalog } from '../protocol/generated/Catalog';
import type { Device } from '../protocol/generated/Device';
import type { DatasetInfo } from '../protocol/generated/DatasetInfo';
import type { Member } from '../protocol/generated/Member';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { FAKE_OPERATORS } from './fake-space';

const same = (text: string): { en: string; es: string } => ({ en: text, es: text });

const NOTHING_PUBLISHED = { other_powers: [], runtime: null, timing: null, measurements: [] };

export const FAKE_DEVICES: Device[] = [
  {
    id: 'microbit',
    title: same('BBC micro:bit'),
    sentence: {
      en: 'A board for schools, Cortex-M0 at 16 MHz.',
      es: 'Una placa para escuelas, Cortex-M0 a 16 MHz.',
    },
    use_case: { en: 'Hobbyists', es: 'Aficionados' },
    compute: { operations_per_second: 16e6, operation: 'OP' },
    memory: {
      kind: 'split',
      ram_bytes: 16384,
      flash_bytes: 262144,
      reserved_ram_bytes: 4096,
      reserved_flash_bytes: 65536,
    },
    power: { watts: 0.001, is_approximate: true },
    cost_usd: 1.75,
    sources: {},
    ...NOTHING_PUBLISHED,
  },
  {
    id: 'arduino-uno',
    title: same('Arduino Uno'),
    sentence: { en: 'ATmega328P, 16 MHz.', es: 'ATmega328P, 16 MHz.' },
    use_case: { en: 'Hobbyists', es: 'Aficionados' },
    compute: { operations_per_second: 4e6, operation: 'OP' },
    memory: {
      kind: 'split',
      ram_bytes: 2048,
      flash_bytes: 32768,
      reserved_ram_bytes: 168,
      reserved_flash_bytes: 6144,
    },
    power: { watts: 0.001, is_approximate: true },
    cost_usd: 1.14,
    sources: {},
    ...NOTHING_PUBLISHED,
  },
  {
    id: 'raspberry-pi',
    title: same('Raspberry Pi'),
    sentence: { en: 'A computer on one board.', es: 'Un computador en una placa.' },
    use_case: null,
    compute: { operations_per_second: 50e9, operation: 'OP' },
    memory: { kind: 'unified', bytes: 2 ** 30 },
    power: { watts: 1.5, is_approximate: false },
    cost_usd: null,
    sources: {},
    ...NOTHING_PUBLISHED,
  },
];

export function fakeDevice(id: string): Device {
  const device = FAKE_DEVICES.find((each) => each.id === id);
  if (device === undefined) {
    throw new Error(`no such device: ${id}`);
  }
  return device;
}

const FAKE_DATA: DatasetInfo = {
  id: 'digits8',
  title: { en: 'Handwritten digits, 8 × 8', es: 'Dígitos manuscritos, 8 × 8' },
  sentence: same('Real digits.'),
  classes: Array.from({ length: 10 }, (_, digit) => same(String(digit))),
  shape: [1, 8, 8],
  splits: { train: 1197, validation: 300, test: 300 },
  value_max: 16,
  resolutions: [4, 8],
  default_resolution: 8,
  synthetic: false,
  source: 'https://archive.ics.uci.edu/dataset/80',
  license: 'BSD-3-Clause',
  attribution: 'E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits',
  made_by: { script: 'scripts/data/pack.py', packages: [] },
  file_bytes: 46288,
  sha256: '',
};

const LAYERS: Member = {
  id: 'layers',
  title: { en: 'Layers', es: 'Capas' },
  sentence: {
    en: 'A stack of layers, each of which picks its operator from a list: the plainest space there is.',
    es: 'Una pila de capas, cada una de las cuales elige su operador de una lista: el espacio más sencillo.',
  },
  settings: [
    {
      name: 'operators',
      title: { en: 'Operators', es: 'Operadores' },
      kind: { kind: 'words', choices: FAKE_OPERATORS },
      default: FAKE_OPERATORS,
    },
    {
      name: 'widths',
      title: { en: 'Channels', es: 'Canales' },
      kind: { kind: 'numbers', min: 1, max: 256, at_most: 8 },
      default: [4, 8, 16, 32],
    },
    {
      name: 'max_depth',
      title: { en: 'Most layers', es: 'Máximo de capas' },
      kind: { kind: 'integer', min: 1, max: 12 },
      default: 6,
    },
    {
      name: 'auto_norm',
      title: {
        en: 'Batch normalization after each convolution',
        es: 'Normalización por lotes tras cada convolución',
      },
      kind: { kind: 'switch' },
      default: true,
    },
  ],
};

const STRATEGIES: Member[] = [
  {
    id: 'random',
    title: { en: 'Random search', es: 'Búsqueda aleatoria' },
    sentence: {
      en: 'Draws every candidate anew: the reference that everything else must beat.',
      es: 'Sortea cada candidata de nuevo: la referencia que todo lo demás debe superar.',
    },
    settings: [],
  },
  {
    id: 'regularized-evolution',
    title: { en: 'Regularized evolution', es: 'Evolución regularizada' },
    sentence: {
      en: 'Each child mutates the best of a few; the oldest one dies.',
      es: 'Cada hija muta a la mejor de unas pocas; muere la más vieja.',
    },
    settings: [
      {
        name: 'population',
        title: { en: 'Population', es: 'Población' },
        kind: { kind: 'integer', min: 2, max: 200 },
        default: 10,
      },
    ],
  },
];

export const FAKE_DEFAULTS: RunConfig = {
  data: 'digits8',
  res: null,
  samples: null,
  space: 'layers',
  strategy: 'regularized-evolution',
  eval: 'train',
  device: 'microbit',
  objective: 'latency',
  seed: 7,
  candidates: 32,
  epochs: 9,
  macs: null,
  width: 8,
  ram: null,
  flash: null,
  latency_ms: null,
  energy_mj: null,
  max_macs: null,
  max_flops: null,
  max_params: null,
  settings: {},
};

export const FAKE_CATALOG: Catalog = {
  datasets: [FAKE_DATA],
  spaces: [LAYERS],
  strategies: STRATEGIES,
  evaluations: [
    {
      id: 'train',
      title: { en: 'Training', es: 'Entrenamiento' },
      sentence: {
        en: 'Trains each candidate for the given epochs and scores it on the validation images.',
        es: 'Entrena cada candidata las épocas dadas y la puntúa con las imágenes de validación.',
      },
      settings: [],
    },
  ],
  devices: FAKE_DEVICES,
  objectives: (['latency', 'energy', 'macs', 'flops', 'params', 'ram', 'flash', 'memory'] as const).map(
    (id) => ({
      id,
      title: same(id),
      unit: '',
    }),
  ),
  keys: [],
  defaults: FAKE_DEFAULTS,
  numerics: 2,
  version: '0.1.0',
};
