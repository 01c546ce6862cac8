// npm run sanitize: the property tests under Miri and under AddressSanitizer, with each level of SIMD.
import { command, run } from './house.mjs';
import { setUp } from './setup.mjs';

// Miri and the sanitizers exist in nightly compilers only.
const nightly = 'nightly-2026-05-20';
const target = 'x86_64-unknown-linux-gnu';

/** What a level asks of the host. Miri has what it is told, and runs all levels up to it. */
const levels = {
  Baseline: [],
  Avx2: ['avx2'],
  Avx512: ['avx512f', 'avx512vl', 'avx512dq', 'avx512bw'],
};

// Those that force every level and shrink under Miri.
const smallShapes = [
  'shapes::',
  'shares::windows',
  'shares::matrices',
  'levels::levels_agree',
  'levels::the_loop_of_the_peak',
  'conv2d::agrees_with_the_formula',
  'pool::agrees_with_the_formula',
];

await command(() => {
  setUp();
  run(`rustup toolchain install ${nightly} --no-self-update --profile minimal -c miri -c rust-src`);
  // Beside what is built otherwise, of which nothing fits.
  const folder = { CARGO_TARGET_DIR: 'target/sanitize' };
  for (const [level, features] of Object.entries(levels)) {
    console.log(`\n── Miri, ${level}`);
    const enabled = features.map((feature) => `+${feature}`).join(',');
    // Miri knows no assembler, which libm takes its square root from.
    run(
      `cargo +${nightly} miri test --package nas-kernels --features libm/force-soft-floats --test kernels -- ${smallShapes.join(' ')}`,
      { ...folder, RUSTFLAGS: enabled && `-Ctarget-feature=${enabled}` },
    );
  }
  console.log('\n── AddressSanitizer, every level of this host');
  run(`cargo +${nightly} test --target ${target} --package nas-kernels --package nas-nn --lib --tests`, {
    ...folder,
    RUSTFLAGS: '-Zsanitizer=address',
  });
});
