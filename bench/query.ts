/** Calls of the AWS Query protocol, in which IAM and STS speak: what sets up the callers that are measured. */
import { createHmac, hash } from 'node:crypto'
import type { SigningIdentity } from './signer.ts'
import { signingKey } from './signer.ts'

const versions = { iam: '2010-05-08', sts: '2011-06-15' } as const
const attempts = 50
const pauseMillis = 20

export type QueryCall = (
  service: keyof typeof versions,
  action: string,
  parameters: Readonly<Record<string, string>>,
) => Promise<string>

/** Calls at `url` as `identity`. Each answers the XML of a success and throws on any other answer. */
export function queryCalls(url: string, identity: SigningIdentity): QueryCall {
  return async (service, action, parameters) => {
    const body = new URLSearchParams({ Action: action, Version: versions[service], ...parameters }).toString()
    for (let attempt = 1; ; attempt += 1) {
      const answer = await fetch(url, { method: 'POST', body, headers: signed(url, identity, service, body) })
      const text = await answer.text()
      if (answer.status === 200) return text
      if (!text.includes('<Code>Throttling') || attempt === attempts) {
        throw new Error(`${action} answered ${answer.status} ${text}`)
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMillis))
    }
  }
}

const contentType = 'application/x-www-form-urlencoded; charset=utf-8'

function signed(url: string, identity: SigningIdentity, service: string, body: string): Record<string, string> {
  const moment = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const day = moment.slice(0, 8)
  const scope = `${day}/${identity.region}/${service}/aws4_request`
  const names = 'content-type;host;x-amz-date'
  const canonical =
    `POST\n/\n\ncontent-type:${contentType}\nhost:${new URL(url).host}\nx-amz-date:${moment}\n\n` +
    `${names}\n${hash('sha256', body, 'hex')}`
  const toSign = `AWS4-HMAC-SHA256\n${moment}\n${scope}\n${hash('sha256', canonical, 'hex')}`
  const signature = createHmac('sha256', signingKey(identity, day, service))
    .update(toSign)
    .digest('hex')
  const credential = `${identity.accessKeyId}/${scope}`
  return {
    'content-type': contentType,
    'x-amz-date': moment,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** The text of the first element of that name. Throws when there is none. */
export function elementText(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  if (found === undefined) throw new Error(`the answer has no ${name}`)
  return found
}
