// Results as text, in Markdown.

/** @type {(summary: import('./results.mjs').Summary) => string} */
export function workloadTable({ workloads, peak_gflops }) {
  const rows = workloads.map(({ id, host, ms_per_step, ms_spread, images_per_s, gflops, share_of_peak }) => [
    id,
    host,
    milliseconds(ms_per_step),
    ms_spread.map(milliseconds).join(' to '),
    images_per_s.toFixed(0),
    gflops.toFixed(1),
    share_of_peak === undefined ? '' : percent(share_of_peak),
  ]);
  const heads = ['workload', 'host', 'ms a step', 'rounds', 'images/s', 'GFLOP/s', 'of the peak'];
  const peaks = Object.entries(peak_gflops).map(([host, value]) => `${host} ${value.toFixed(1)}`);
  return `${table(heads, rows)}\n\npeak of one thread, GFLOP/s: ${peaks.join(', ')}`;
}

/** @type {(ratios: readonly import('./results.mjs').Ratio[]) => string} */
export function ratioTable(ratios) {
  const rows = ratios.map(({ id, host, peer, ratio, spread }) => [
    id,
    host,
    peer,
    ratio.toFixed(2),
    spread.map((value) => value.toFixed(2)).join(' to '),
  ]);
  return table(['workload', 'engine', 'peer', 'times as fast', 'rounds'], rows);
}

/** @type {(scaling: readonly import('./results.mjs').Scaling[]) => string} */
export function scalingTable(scaling) {
  const rows = scaling.map(({ id, host, speedup, peak_speedup, share }) => [
    id,
    host,
    speedup.toFixed(2),
    peak_speedup.toFixed(2),
    percent(share),
  ]);
  return table(['workload', 'host', 'speedup', 'of the register loop', 'share'], rows);
}

/** One for each result that has a profile. @type {(summary: import('./results.mjs').Summary) => string[]} */
export function profileTables({ workloads }) {
  return workloads.flatMap(({ id, host, profile_ms }) => {
    if (profile_ms === undefined) return [];
    const total = Object.values(profile_ms).reduce((sum, ms) => sum + ms, 0);
    const rows = Object.entries(profile_ms).map(([name, ms]) => [name, ms.toFixed(4), percent(ms / total)]);
    return [table([`${id} ${host}`, 'ms', 'share'], rows)];
  });
}

/** @type {(heads: readonly string[], rows: readonly string[][]) => string} */
export function table(heads, rows) {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const milliseconds = (ms) => ms.toPrecision(4);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
