// What can be typed after "/": finding commands, reading a typed line, checking values. Decides; draws nothing.

const SUBCOMMAND = 1;
const GROUP = 2;
export const STRING = 3,
  INTEGER = 4,
  BOOLEAN = 5,
  USER = 6,
  CHANNEL = 7,
  ROLE = 8,
  MENTIONABLE = 9,
  NUMBER = 10,
  ATTACHMENT = 11;
const TYPE_NAMES = {
  3: "text",
  4: "whole number",
  5: "yes or no",
  6: "member",
  7: "channel",
  8: "role",
  9: "member or role",
  10: "number",
  11: "file",
};

/** Every slash command as it is typed, subcommands with their whole path. */
export function leaves(commands) {
  const walk = (path, node) => {
    const options = node.options ?? [];
    const deeper = options.filter((one) => one.type === SUBCOMMAND || one.type === GROUP);
    if (deeper.length) return deeper.flatMap((one) => walk(`${path} ${one.name}`, one));
    return [{ path, description: node.description, options }];
  };
  return commands
    .filter((command) => (command.type ?? 1) === 1)
    .flatMap((command) => walk(command.name, command))
    .sort((a, b) => a.path.localeCompare(b.path));
}

/** Those that the letters after "/" may mean, the likeliest first. */
export function matching(all, typed) {
  const text = typed.toLowerCase();
  const begins = all.filter((leaf) => leaf.path.startsWith(text));
  const holds = all.filter(
    (leaf) =>
      !leaf.path.startsWith(text) &&
      (leaf.path.includes(text) || (text.length > 2 && leaf.description.toLowerCase().includes(text))),
  );
  return [...begins, ...holds];
}

/** Split "/quota grant ben 5" into its command and the rest; null where no command is meant. */
export function splitLine(line, all) {
  if (!line.startsWith("/")) return null;
  const text = line.slice(1);
  const fitting = all.filter(
    (leaf) => text === leaf.path || (text.startsWith(leaf.path) && /\s/.test(text[leaf.path.length])),
  );
  const leaf = fitting.sort((a, b) => b.path.length - a.path.length)[0];
  return leaf ? { leaf, rest: text.slice(leaf.path.length).trim() } : null;
}

/** The option that words without a name belong to: the first required text, else the first text, else the first of all. */
export function openOption(leaf) {
  const typed = leaf.options.filter((one) => one.type !== ATTACHMENT);
  return (
    typed.find((one) => one.type === STRING && one.required) ??
    typed.find((one) => one.required) ??
    typed.find((one) => one.type === STRING) ??
    typed[0] ??
    null
  );
}

/** Read "a red heart count:2" into {texts: {prompt: "a red heart", count: "2"}, stray: ""}. */
export function readRest(leaf, rest) {
  const names = leaf.options
    .map((one) => one.name)
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[^\p{L}\p{N}_]/gu, "\\$&"));
  const texts = {};
  let stray = rest;
  if (names.length) {
    const pieces = rest.split(new RegExp(`(?:^|\\s)(${names.join("|")}):`, "u"));
    stray = pieces[0].trim();
    for (let i = 1; i < pieces.length; i += 2) texts[pieces[i]] = pieces[i + 1].trim();
  }
  const open = openOption(leaf);
  if (stray && open && !(open.name in texts)) {
    texts[open.name] = stray;
    stray = "";
  }
  return { texts, stray };
}

/** One sentence about what an option takes, such as "whole number from 1 to 4 · optional". */
export function hint(option) {
  const { type, min_value: least, max_value: most, min_length: shortest, max_length: longest } = option;
  let range = "";
  if (type === STRING && longest !== undefined) range = ` of ${shortest ?? 0} to ${longest} characters`;
  else if (least !== undefined && most !== undefined) range = ` from ${least} to ${most}`;
  else if (least !== undefined) range = `, at least ${least}`;
  else if (most !== undefined) range = `, at most ${most}`;
  const kind = option.choices?.length ? "one of the list" : `${TYPE_NAMES[type] ?? "value"}${range}`;
  return `${kind} · ${option.required ? "required" : "optional"}`;
}

/**
 * Turn what was typed for an option into what the API takes.
 * @param {{users: object[], roles: object[], channels: object[]}} world who and what can be picked
 * @returns {{value: any} | {error: string}}
 */
export function readValue(option, text, world) {
  const name = option.name;
  if (option.choices?.length) {
    const wanted = text.toLowerCase();
    const choice = option.choices.find(
      (one) => one.name.toLowerCase() === wanted || String(one.value).toLowerCase() === wanted,
    );
    return choice
      ? { value: choice.value }
      : { error: `${name} must be one of: ${option.choices.map((one) => one.name).join(", ")}.` };
  }
  if (option.type === INTEGER || option.type === NUMBER) return readNumber(option, text);
  if (option.type === BOOLEAN) {
    if (/^(true|yes|y|on|1)$/i.test(text)) return { value: true };
    return /^(false|no|n|off|0)$/i.test(text) ? { value: false } : { error: `${name} must be yes or no.` };
  }
  if ([USER, ROLE, CHANNEL, MENTIONABLE].includes(option.type)) return readPick(option, text, world);
  if (option.type === ATTACHMENT) return { error: `Choose a file for ${name}.` };
  if (option.min_length && text.length < option.min_length)
    return { error: `${name} needs at least ${option.min_length} characters.` };
  if (option.max_length && text.length > option.max_length)
    return { error: `${name} can have at most ${option.max_length} characters.` };
  return { value: text };
}

function readNumber(option, text) {
  const number = Number(text.replace(",", "."));
  const whole = option.type === INTEGER;
  const low = option.min_value !== undefined && number < option.min_value;
  const high = option.max_value !== undefined && number > option.max_value;
  if (text.trim() === "" || !Number.isFinite(number) || (whole && !Number.isSafeInteger(number)) || low || high) {
    return { error: `${option.name} must be a ${hint(option).split(" · ")[0]}.` };
  }
  return { value: number };
}

function readPick(option, text, world) {
  const found = pickable(option, world).find(
    (one) =>
      text === one.value ||
      text.replace(/[<@#&!>]/g, "") === one.value ||
      [one.label, ...(one.names ?? [])].some(
        (label) => label.replace(/^[@#]/, "").toLowerCase() === text.replace(/^[@#]/, "").toLowerCase(),
      ),
  );
  return found ? { value: found.value } : { error: `There is no “${text}” here to choose for ${option.name}.` };
}

/** What can be picked for an option, as {value, label, detail}: its choices, people, roles, channels, yes and no. */
export function pickable(option, world) {
  const users = () =>
    world.users.map((user) => ({
      value: user.id,
      label: `@${user.global_name ?? user.username}`,
      names: [user.username],
      detail: user.username,
    }));
  const roles = () => world.roles.map((role) => ({ value: role.id, label: `@${role.name}`, detail: "role" }));
  if (option.choices?.length) return option.choices.map((one) => ({ value: one.value, label: one.name }));
  switch (option.type) {
    case BOOLEAN:
      return [
        { value: true, label: "yes" },
        { value: false, label: "no" },
      ];
    case USER:
      return users();
    case ROLE:
      return roles();
    case MENTIONABLE:
      return [...users(), ...roles()];
    case CHANNEL:
      return world.channels
        .filter((one) => !option.channel_types?.length || option.channel_types.includes(one.type))
        .map((one) => ({ value: one.id, label: `#${one.name}`, detail: one.topic ?? "" }));
    default:
      return [];
  }
}
