// The shapes of the console's JSON API, as the package internal/console of the
// server writes them. The files in tests/contract hold real answers, and the
// compiler holds both against each other.
//
// Every moment is in seconds since the epoch, UTC.

/** A whole number. One beyond ±2^53 comes as text, since a JSON number would be rounded. */
export type Integer = number | string;

/** The kind of flow log: of a VPC or of a transit gateway. */
export type Kind = "vpc" | "tgw";

/** What is counted. */
export type Measure = "bytes" | "packets" | "records";

/** The value of a field that records are grouped by; null where they lack it. */
export type Key = string | number | null;

/** What is wrong with a request. */
export interface Problem {
  message: string;
  /** What to do about it, or "". */
  hint: string;
  /** The parameter in question, or "". */
  param: string;
  /** Where in the parameter, in bytes of its UTF-8 text; null where it is not one place. */
  offset: number | null;
  /** How many bytes from there; 0 is the place between two. */
  length: number;
}

/** The answer to a request that fails. */
export interface Failure {
  error: Problem;
}

/** GET /api/v1/status */
export interface Status {
  version: string;
  /** The server's clock. */
  now: number;
  /** Who is logged in; null where the server asks for no login. */
  user: string | null;
  tables: TableStatus[];
}

export interface TableStatus {
  kind: Kind;
  records: Integer;
  /** Objects that the records were taken from. */
  objects: Integer;
  /** Size of the data files in bytes. */
  bytes: Integer;
  /** Times of the first and the last record; null where there is none. */
  oldest: number | null;
  newest: number | null;
}

/** GET /api/v1/following */
export interface Following {
  /** The server's clock. */
  now: number;
  /** What is or was followed, what runs first. */
  sources: Followed[];
}

/** The state of following a source, or the queue that tells of new objects. */
export interface Followed {
  source: string;
  /** The process follows it now. Otherwise all else is as it was at `updated`. */
  running: boolean;
  process: number;
  since: number;
  updated: number;
  /** When it was last looked at, and when that last worked; null: never. */
  last_look: number | null;
  last_good_look: number | null;
  /** What was taken since `since`. */
  objects: Integer;
  records: Integer;
  bad_lines: Integer;
  /** The object that was taken last, or "". */
  last_object: string;
  last_taken: number | null;
  /** Objects that were taken and were gone at `gone_looked`, of those since `gone_from` (null: all). */
  gone_objects: Integer;
  gone_from: number | null;
  gone_looked: number | null;
  /** Why the last look failed; "" where it worked. */
  error: string;
  /** How many looks failed one after the other. */
  failed_looks: number;
  failing_since: number | null;
  next_try: number | null;
}

/** GET /api/v1/fields */
export interface Fields {
  kind: Kind;
  fields: Field[];
}

export interface Field {
  /** The column: AWS's name with underscores. An unknown field keeps its hyphens. */
  name: string;
  type: "integer" | "text" | "time" | "map";
  unit: string;
  meaning: string;
  /** The flow log version that brought the field; 0 for weir's own, names and unknown fields. */
  version: number;
  /** A name is told of a record, by what was imported: records do not hold it. */
  origin: "aws" | "weir" | "name" | "unknown";
  /** The text is an IP address. */
  address: boolean;
  /** The number is a time in seconds since the epoch. */
  epoch: boolean;
  /** Names of numbers, such as 443 -> https. */
  names: Record<string, string>;
}

/** GET /api/v1/series */
export interface Series {
  measure: Measure;
  /** The bounds of the range, also where the request left them to the lake. */
  from: number;
  to: number;
  /** The field of the series; "" where there is one series of everything. */
  by: string;
  /** Width of a bucket in seconds. */
  step: number;
  /** Start of each bucket; a record counts at its start, or at weir_hour where it has none. */
  times: number[];
  series: SeriesOf[];
  /** What the series leave out; null where they leave out nothing. */
  other: SeriesValues | null;
  total: Integer;
  counting: Counting;
  note?: Note;
}

/** What is to be said of what an answer rests on; left out where there is nothing. */
export type Note = string;

/** Which records of the same traffic are counted. */
export type Counting = "once" | "per interface" | "every record";

export interface SeriesValues {
  total: Integer;
  /** One value for each bucket. */
  values: Integer[];
}

export interface SeriesOf extends SeriesValues {
  key: Key;
}

/** GET /api/v1/totals */
export interface Totals {
  measure: Measure;
  /** The bounds of the range, also where the request left them to the lake. */
  from: number;
  to: number;
  step: number;
  times: number[];
  /** Everything in the range. */
  all: Counts;
  /** ACCEPT, REJECT, and null for records without an action; those that occur, in this order. */
  actions: ActionTotals[];
  counting: Counting;
  /** The records that show what others do, by why; none are asked for with every record. */
  repeats: Repeats[];
  note?: Note;
}

export interface Repeats extends Counts {
  why: "flow-log" | "leg" | "receiver";
}

export interface Counts {
  bytes: Integer;
  packets: Integer;
  records: Integer;
}

export interface ActionTotals extends Counts {
  action: "ACCEPT" | "REJECT" | null;
  /** The measure in each bucket. */
  values: Integer[];
}

/** GET /api/v1/top */
export interface Top {
  by: string;
  measure: Measure;
  rows: TopRow[];
  /** All that the rows are the top of. */
  all: Counts;
  /** There are more values than rows. */
  more: boolean;
  counting: Counting;
  note?: Note;
}

export interface TopRow extends Counts {
  key: Key;
}

/** GET /api/v1/records, newest first */
export interface Records {
  rows: FlowRecord[];
  /** Where the next page begins: the value of `after`; "" at the end. */
  next: string;
  note?: Note;
}

/** The fields of a record in the table's order; absent ones are left out. */
export type FlowRecord = Record<string, Integer | Record<string, string>>;

/** GET /api/v1/check */
export interface Check {
  /** What is wrong with the filter, or null. */
  problem: Problem | null;
}

/** GET /api/v1/complete */
export interface Completions {
  items: Completion[];
}

export interface Completion {
  /** What to put in place of the bytes from offset on, length of them. */
  text: string;
  offset: number;
  length: number;
  kind: "field" | "operator" | "value" | "word";
  /** What it means, or "". */
  detail: string;
}

/** The event "commit" of GET /api/v1/events. */
export interface Commit {
  at: number;
  kind: Kind;
  /** Records that the commit added. */
  records: Integer;
}

/** GET /api/v1/languages */
export interface Languages {
  languages: Language[];
}

/** A language in which queries can be asked. */
export interface Language {
  name: string;
  title: string;
  /** What the range of time does to a query, in a sentence. */
  range: string;
  example: string;
}

/** POST /api/v1/query */
export interface QueryAnswer {
  /** Names the rows for an export. */
  result: string;
  columns: ResultColumn[];
  rows: Cell[][];
  /** There are more rows than these. */
  more: boolean;
  from: number | null;
  to: number | null;
  /** The time of the newest record when the query ran. */
  newest: number | null;
  elapsed_ms: number;
  read: { bytes: Integer; records: Integer; files: number } | null;
  notes: string[];
}

export interface ResultColumn {
  name: string;
  type: "boolean" | "integer" | "number" | "text" | "time" | "map" | "other";
  sql_type: string;
}

/** A value of a row. A decimal, a large integer, NaN and +Inf are text, a time is RFC 3339, UTC. */
export type Cell = null | boolean | number | string | Cell[] | { [key: string]: Cell };

/** GET /api/v1/dashboards and /api/v1/queries */
export interface Documents {
  documents: DocumentHead[];
  note?: Note;
}

/** What documents begin with. The server sets all but the name and the description. */
export interface DocumentHead {
  name: string;
  description: string;
  id?: string;
  version?: number;
  updated?: number;
  by?: string;
  /** It comes with weir: it can be copied and not changed. */
  ready?: boolean;
}

/** A query and how its result is drawn. */
export interface Query {
  language: string;
  text: string;
  chart: ChartSpec;
}

/** /api/v1/queries/ID */
export interface SavedQuery extends DocumentHead, Query {}

/** /api/v1/dashboards/ID */
export interface Dashboard extends DocumentHead {
  range: DocumentRange;
  panels: PanelSpec[];
}

export interface PanelSpec extends Query {
  title: string;
  /** Of 12 columns. */
  width: number;
  /** 1 to 4. */
  height: number;
}

export interface DocumentRange {
  last?: "15m" | "1h" | "6h" | "24h" | "7d" | "all";
  until?: "newest" | "now";
  from?: number;
  to?: number;
}

export type ChartUnit = "bytes" | "bits" | "packets" | "records" | "seconds" | "percent";

/** How a result is drawn; what is left out the page chooses. */
export interface ChartSpec {
  kind: "table" | "line" | "bar";
  x?: string;
  series?: string;
  values?: string[];
  /** x counts seconds since the epoch. */
  time?: boolean;
  stacked?: boolean;
  unit?: ChartUnit;
  order?: "x" | "value";
}

/** GET /api/v1/alarms, by name. The event "alarms" tells that it has changed. */
export interface Alarms {
  /** The server's clock. */
  now: number;
  alarms: AlarmHead[];
}

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** What the list has of an alarm; POST /api/v1/silence answers it. */
export interface AlarmHead {
  name: string;
  description: string;
  type: "metric" | "composite" | "log";
  state: AlarmState;
  /** When it came into its state, and when its definition was last written. */
  since: number;
  updated: number;
  reason: string;
  /** What is wrong with its evaluation, or "". */
  evaluation: "" | "EVALUATION_ERROR" | "EVALUATION_FAILURE" | "PARTIAL_DATA";
  actions_enabled: boolean;
  /** Until when its actions are held back; null where they are not. */
  silenced_until: number | null;
  /** What holds the actions of a composite alarm back, or "". */
  suppressed_by: "" | "WaitPeriod" | "ExtensionPeriod" | "Alarm";
  suppressed_reason: string;
}

/** GET /api/v1/alarm */
export interface AlarmDetail {
  now: number;
  alarm: AlarmHead;
  /** What it watches, and what must be so for ALARM, in words. */
  watches: string[];
  condition: string;
  /** The alarms that the rule of a composite alarm names. */
  children: string[];
  actions: { state: AlarmState; target: string }[];
  /** The newest actions that were taken, and what became of their messages. */
  messages: AlarmMessage[];
  /** The newest first. */
  history: HistoryItem[];
  /** There are older items. */
  more: boolean;
}

export interface AlarmMessage {
  at: number;
  target: string;
  state: "Succeeded" | "Failed" | "Silenced";
  error: string;
  /** The message's id; "" where none was published. */
  id: string;
  deliveries: Delivery[];
}

/** What became of a message for one subscriber. */
export interface Delivery {
  protocol: string;
  endpoint: string;
  state: "waiting" | "delivered" | "dead";
  attempts: number;
  /** Why the last attempt failed, or "". */
  reason: string;
  /** When it was delivered or given up, or when the next attempt is due. */
  at: number;
}

export interface HistoryItem {
  at: number;
  type: "ConfigurationUpdate" | "StateUpdate" | "Action";
  summary: string;
  /** The states of a change of state, else "". */
  from: AlarmState | "";
  to: AlarmState | "";
  reason: string;
}

/** GET /api/v1/alarm-values */
export interface AlarmValues {
  from: number;
  to: number;
  /** In seconds; 0 where the alarm has no values of periods. */
  period: number;
  /** When the query of a log alarm ran; null of other alarms. */
  runs: number[] | null;
  threshold: number | null;
  /** ≥, >, <, ≤, or "". */
  comparison: string;
  /** Beginnings of those periods, or times of those runs, that have a value. */
  times: number[];
  values: number[];
  /** The states, oldest first. */
  bands: StateBand[];
  note?: Note;
}

export interface StateBand {
  from: number;
  to: number;
  state: AlarmState;
}

/** GET /api/v1/alarm-behind: who is behind the last change to ALARM. */
export interface AlarmBehind {
  /** When it went to ALARM; null where its history has no such change. */
  at: number | null;
  /** The periods that were judged. */
  from: number;
  to: number;
  groups: string[];
  /** Log events that count; cut says that there are more than were looked at. */
  matched: Integer;
  cut: boolean;
  sources: Counted[];
  targets: Counted[];
  interfaces: Counted[];
  /** Lines of what is known beside log events, such as which alarms of a rule are in ALARM. */
  says: string[];
  /** Commands to run next. */
  next: string[];
  /** Queries for the page "Query", over from to to. */
  ask: { title: string; language: string; text: string }[];
  rules: RuleTop[];
}

export interface Counted {
  value: string;
  /** What is known of it, or "". */
  name: string;
  count: number;
}

export interface RuleTop {
  rule: string;
  keys: string[];
  statistic: Statistic;
  contributors: { keys: string[]; value: number }[];
}

/** A rule counts log events, or sums a value of theirs. */
export type Statistic = "SampleCount" | "Sum";

/** GET /api/v1/rules */
export interface Rules {
  rules: Rule[];
  /** Those that weir has ready for flow logs. */
  ready: { name: string; meaning: string; of_interfaces: boolean }[];
}

export interface Rule {
  name: string;
  enabled: boolean;
  created: number;
  schema: string;
  keys: string[];
  statistic: Statistic;
  /** JSON, as it was given. */
  definition: string;
  /** Log groups that it counts nothing of. */
  unfit: { group: string; reason: string }[];
}

/** GET /api/v1/contributors: the greatest first, at most 100; columns are the keys, and the value. */
export interface Contributors extends QueryAnswer {
  rule: string;
  /** It is a ready rule that is not kept, counted over the records of the lake. */
  ready: boolean;
  statistic: Statistic;
  /** The sum over all contributors, and their number. */
  aggregate: Integer;
  unique: Integer;
}
