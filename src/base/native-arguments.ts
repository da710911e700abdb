/**
 * Arguments of native functions on the request path, in the form that `getFunctions` of node:ffi takes: pointers alone, sizes and
 * numbers too, of which the callee reads the low half. Such a function is called as it is, in 20 nanoseconds. Any integer among
 * them has Node.js put a function in front that checks each argument, and from the fourth on takes them as a list and leaves
 * V8's fast calls: 0.1 to 1.6 microseconds (docs/adr/0017-native-functions.md).
 */
export const threePointers = ['pointer', 'pointer', 'pointer'] as const
export const fourPointers = [...threePointers, 'pointer'] as const
export const fivePointers = [...fourPointers, 'pointer'] as const
