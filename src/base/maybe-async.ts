/**
 * Ports answer `T | Promise<T>`: an embedded database answers at once, a remote one later. Awaiting costs a microtask even
 * for a value that is there, so the request path continues through `then` and awaits only what is a promise.
 */
export type MaybeAsync<T> = T | Promise<T>

/** Continues with `next` at once when `value` is there, else when it arrives. */
export function after<T, U>(value: MaybeAsync<T>, next: (value: T) => MaybeAsync<U>): MaybeAsync<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
