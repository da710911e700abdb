/** The service: settings in, a running server out. What it is made of is in server/primary.ts. */
export { start, type RunningServer, type StartOptions } from './server/primary.ts'
