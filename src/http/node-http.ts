/**
 * What is needed of node:http, taken without an import: for an import Node.js reads every export, one of which is WebSocket,
 * and with it loads the whole of fetch, which takes longer than all else of HTTP.
 */
export const { createServer, IncomingMessage, STATUS_CODES } = process.getBuiltinModule('node:http')
