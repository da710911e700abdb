/** What lies where in a data directory; seal.json and the default key file are the seals' (seals/). */
import { join } from 'node:path'

export const databaseFile = (dir: string): string => join(dir, 'keys.db')
export const trailFile = (dir: string): string => join(dir, 'trail.db')
export const spoolFile = (dir: string): string => join(dir, 'spool.jsonl')
export const securityLogFile = (dir: string): string => join(dir, 'security.log')
export const anchorFile = (dir: string): string => join(dir, 'anchor')
export const credentialsFile = (dir: string): string => join(dir, 'credentials')
export const awsConfigFile = (dir: string): string => join(dir, 'aws-config')
export const endpointFile = (dir: string): string => join(dir, 'endpoint')
export const controlSocket = (dir: string): string => join(dir, 'control.sock')
export const cacheDirectory = (dir: string): string => join(dir, 'cache')
