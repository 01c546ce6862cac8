/**
 * A network's layers gathered into units: a convolution with the normalisation and the activation behind it
 * is one thing to a reader.
 */
import type { Network } from '../../protocol/generated/Network';
import { inputUnit, type Unit, unitOf } from './unit';

const INPUT_NAME = 'input';

/** The units in the order of the layers; unit 0 is the input. */
export function unitsOf(network: Network): Unit[] {
  const readers = readerCounts(network);
  const units: Unit[] = [inputUnit(network.input[0])];
  const unitOfLayer = new Map<string, number>([[INPUT_NAME, 0]]);
  network.layers.forEach((layer, place) => {
    const inputs = inputsOf(network, place).map((name) => unitOfLayer.get(name) ?? 0);
    const channelsRead = inputs.map((input) => units[input]?.channels ?? 0);
    const unit = unitOf(layer, inputs, channelsRead);
    const target = inputs[0] ?? 0;
    const before = units[target];
    const newest = before?.layers.at(-1);
    if (before !== undefined && newest !== undefined && readers.get(newest) === 1 && canJoin(before, unit)) {
      units[target] = joined(before, unit);
      unitOfLayer.set(layer.name, target);
      return;
    }
    unitOfLayer.set(layer.name, units.length);
    units.push(unit);
  });
  return units;
}

/** Names that a layer reads; without any it reads the layer before it. */
function inputsOf(network: Network, place: number): readonly string[] {
  const layer = network.layers[place];
  return layer?.inputs ?? [network.layers[place - 1]?.name ?? INPUT_NAME];
}

function readerCounts(network: Network): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  network.layers.forEach((_, place) => {
    for (const name of inputsOf(network, place)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  });
  return counts;
}

/** A normalisation joins what has weights; an activation joins anything that has none yet. */
function canJoin(before: Unit, unit: Unit): boolean {
  if (before.activation !== null || before.kind === 'input') {
    return false;
  }
  const hasWeights = before.kind === 'conv' || before.kind === 'depthwise' || before.kind === 'dense';
  return unit.kind === 'activation' || (unit.kind === 'norm' && hasWeights && !before.isNormalized);
}

function joined(before: Unit, unit: Unit): Unit {
  return {
    ...before,
    layers: [...before.layers, ...unit.layers],
    isNormalized: before.isNormalized || unit.isNormalized,
    activation: unit.activation,
  };
}
