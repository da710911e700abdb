/** docs/configuration.md, made from the table of options. */
import { flagOf, optionList, variableOf } from '#config/options.ts'
import type { OptionDefinition } from '#config/options.ts'

const introduction = `# Configuration

This page is made from the table of options in \`src/config/options.ts\`; change it there.

Each setting has three names: a flag of \`trent serve\`, an environment variable, and a key of the configuration file, which is
YAML and named by \`--config\` or \`TRENT_CONFIG\`:

\`\`\`yaml
data-dir: /var/lib/trent
listen: 10.0.0.7:8736
tls: self-signed
region: [us-east-1, eu-west-1]
seal: key-file:/mnt/usb/trent.key
\`\`\`

A flag wins over a variable, a variable over the file, and the file over the default. An empty variable is the same as none.
Relative paths start at the working directory; in the file they start at the file's directory. Lists are written with commas, as
YAML lists, or by repeating the flag. Sizes have a unit (\`64MiB\`, \`10GB\`), and so have times (\`90d\`, \`36h\`, \`1h30m\`).

Whatever is unknown or wrong is refused, and all problems are told at once, each with its place. Variables whose names begin with
\`TRENT_\` count as settings, except those that Kubernetes and Docker set for a service named \`trent\` (\`TRENT_SERVICE_HOST\`,
\`TRENT_PORT_8736_TCP\` and their like). Secrets are never flags, because every user of a machine can read the flags of a process.
`

const rules = `## What is refused

- An address that other machines can reach, unless there is TLS (\`--tls self-signed\`, or \`--tls-cert\` and \`--tls-key\`) or
  \`--allow-plaintext\`.
- \`--tls\` together with \`--tls-cert\`, and one of \`--tls-cert\` and \`--tls-key\` alone.
- Regions of more than one partition.
- \`--test-profile\` with any seal but the default key file; \`--seed\` and \`--fault\` without \`--test-profile\`.
- A passphrase for a seal that has none, or in two places.
- One half of an access key; and a short one, such as \`test\`, on an address that other machines can reach.
`

/** The text of docs/configuration.md. */
export function configurationDoc(): string {
  return [introduction, ...optionList.map(section), rules].join('\n')
}

function section(option: OptionDefinition<unknown>): string {
  const { name, argument, help, defaultText, source } = option
  const names = [
    source === 'variable'
      ? undefined
      : `\`${[flagOf(option), argument].filter((part) => part !== undefined).join(' ')}\``,
    `\`${variableOf(option)}\``,
    source === 'anywhere' ? `\`${name}:\`` : undefined,
  ]
  const sentence = `${help.charAt(0).toUpperCase()}${help.slice(1)}.`
  const ending = defaultText === undefined ? '' : ` Default: ${defaultText}.`
  return `## ${name}\n\n${names.filter((each) => each !== undefined).join(', ')}\n\n${sentence}${ending}\n`
}
