import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DatasetInfo } from '../protocol/generated/DatasetInfo';
import { DataFiles } from './data-files';

const fetched = vi.fn<(url: string) => Promise<Response>>();

function files(): DataFiles {
  return new DataFiles([{ id: 'digits8' }, { id: 'mnist' }] as DatasetInfo[]);
}

function response(text: string): Promise<Response> {
  return Promise.resolve(new Response(text));
}

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('data files', () => {
  it('are fetched once each, also when asked for twice at the same time', async () => {
    fetched.mockImplementation(response);
    const data = files();
    const [first, second] = await Promise.all([data.get('digits8'), data.get('digits8')]);
    expect(new TextDecoder().decode(first)).toBe('./data/digits8.nasdata');
    expect(second).toBe(first);
    await data.get('mnist');
    await data.get('digits8');
    expect(fetched.mock.calls).toEqual([['./data/digits8.nasdata'], ['./data/mnist.nasdata']]);
  });

  it.each<[string, () => Promise<Response>, string]>([
    ['the network', () => Promise.reject(new TypeError('Failed to fetch')), 'Failed to fetch'],
    ['the host', () => Promise.resolve(new Response('', { status: 404 })), 'HTTP 404'],
    ['a download cut short', () => Promise.resolve(cutShort()), 'cut short'],
  ])('are asked for again after trouble with %s', async (_, trouble, reason) => {
    fetched.mockImplementationOnce(trouble).mockImplementationOnce(response);
    const data = files();
    await expect(data.get('digits8')).rejects.toMatchObject({
      code: 'data-unavailable',
      message: expect.stringContaining(`digits8 could not be loaded (${reason})`) as string,
      details: { id: 'digits8' },
    });
    expect(await data.get('digits8')).toBeInstanceOf(ArrayBuffer);
  });

  it('of an unknown dataset are not fetched', async () => {
    await expect(files().get('../secret')).rejects.toMatchObject({ code: 'data-unavailable' });
    expect(fetched).not.toHaveBeenCalled();
  });
});

/** A response whose body breaks off. */
function cutShort(): Response {
  return new Response(
    new ReadableStream({
      start(body) {
        body.error(new TypeError('cut short'));
      },
    }),
  );
}
