import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LazyModule } from './modules';

const fetched = vi.fn<(url: string) => Promise<Response>>();
/** The smallest module there is: its magic number and its version. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a module', () => {
  it('is fetched and compiled once, when it is first asked for', async () => {
    fetched.mockResolvedValue(new Response(EMPTY_MODULE));
    const lazy = new LazyModule('./trainer.wasm');
    expect(fetched).not.toHaveBeenCalled();
    const [first, second] = await Promise.all([lazy.get(), lazy.get()]);
    expect(first).toBeInstanceOf(WebAssembly.Module);
    expect(second).toBe(first);
    expect(await lazy.get()).toBe(first);
    expect(fetched.mock.calls).toEqual([['./trainer.wasm']]);
  });

  it.each<[string, () => Promise<Response>, string]>([
    ['the network', () => Promise.reject(new TypeError('Failed to fetch')), 'Failed to fetch'],
    ['the host', () => Promise.resolve(new Response('', { status: 404 })), 'HTTP 404'],
  ])('is asked for again after trouble with %s', async (_, trouble, reason) => {
    fetched.mockImplementationOnce(trouble).mockResolvedValueOnce(new Response(EMPTY_MODULE));
    const lazy = new LazyModule('./trainer.wasm');
    await expect(lazy.get()).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining(`could not be loaded (${reason})`) as string,
    });
    expect(await lazy.get()).toBeInstanceOf(WebAssembly.Module);
  });

  it('is not fetched where nothing could run it', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    await expect(new LazyModule('./trainer.wasm').get()).rejects.toMatchObject({ code: 'no-webassembly' });
    expect(fetched).not.toHaveBeenCalled();
  });
});
