/** Whether `host` (a name, an address, or the host of a URL) is one that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.[0-9]{1,3}){3}|::1|\[::1\])$/i.test(host)
}
