/** The GraphQL schema. Each file of types/ holds a concept: its types with their queries and mutations. */
import { builder } from './builder.ts';
import { guardRoots } from './guard.ts';
import './scalars.ts';
import './types/viewer.ts';
import './types/organization.ts';
import './types/catalogue.ts';
import './types/logConnection.ts';
import './types/logsAround.ts';
import './types/logEntry.ts';
import './types/statistics.ts';
import './types/savedView.ts';
import './types/questions.ts';
import './types/node.ts';
import './types/actor.ts';
import './types/directory.ts';
import './types/explain.ts';
import './types/preview.ts';
import './types/administration/lists.ts';
import './types/administration/role.ts';
import './types/administration/token.ts';
import './types/administration/issuer.ts';
import './types/administration/guards.ts';
import './types/administration/pendingChange.ts';
import './types/recordLogs.ts';
import './types/administration/changes.ts';
import './types/saveView.ts';
import './types/logAdded.ts';

/** Holds no state: everything an operation needs comes in its context. In the order of definition, for people. */
export const schema = guardRoots(builder.toSchema({ sortSchema: false }));
