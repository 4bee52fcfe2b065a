/** Waits until the condition holds; looks every few ms; throws with `what`, as it is then, when time is up. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeoutMs = 20_000,
): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`waited ${timeoutMs} ms in vain: ${typeof what === 'string' ? what : what()}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
