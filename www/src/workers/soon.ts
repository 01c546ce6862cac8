/**
 * Calls back in a new task, behind the messages that wait. Timers would do the same, but wait 4 ms when nested and
 * are throttled in hidden tabs; messages are not.
 */
const channel = new MessageChannel();
const waiting: (() => void)[] = [];

channel.port1.onmessage = () => {
  waiting.shift()?.();
};

export function soon(work: () => void): void {
  waiting.push(work);
  channel.port2.postMessage(undefined);
}
