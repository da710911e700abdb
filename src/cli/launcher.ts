/** The process that started this one (bin/launch.js), where there is one. */

/**
 * Calls `died` once when the launcher is gone: the IPC channel to it ends with it, also after kill -9. Never keeps this
 * process alive.
 */
export function onLauncherDeath(died: () => void): void {
  if (process.send === undefined) return
  if (!process.connected) {
    died()
    return
  }
  process.once('disconnect', died)
  // Listening for its end would otherwise hold the event loop open until then.
  process.channel?.unref()
}

/** Whether signals come through a launcher, which passes on what a terminal sends to both of us. */
export function hasLauncher(): boolean {
  return process.send !== undefined
}
