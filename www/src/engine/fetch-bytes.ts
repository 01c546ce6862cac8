/** The bytes at an address. Throws an error that says why they cannot be had. */
export async function fetchBytes(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}`);
  return response.arrayBuffer();
}
