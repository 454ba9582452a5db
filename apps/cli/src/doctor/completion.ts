import type { Command } from "commander";

/** Scripts that teach a shell the commands and their options. */
export const SHELLS = {
  bash: (program: Command) => `# keyfold completion bash > /etc/bash_completion.d/keyfold
_keyfold() {
  local word="\${COMP_WORDS[COMP_CWORD]}" line="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  case "$line" in
${cases(program, (path, words) => `    "${path}"*) COMPREPLY=($(compgen -W "${words}" -- "$word")) ;;\n`)}  esac
}
complete -F _keyfold -o default keyfold
`,
  zsh: (program: Command) => `#compdef keyfold
# keyfold completion zsh > "\${fpath[1]}/_keyfold"
_keyfold() {
  local line="\${(j: :)words[2,CURRENT-1]}"
  case "$line" in
${cases(program, (path, words) => `    "${path}"*) compadd -- ${words} ;;\n`)}  esac
}
_keyfold "$@"
`,
  fish: (program: Command) =>
    `# keyfold completion fish > ~/.config/fish/completions/keyfold.fish
${commands(program)
  .map(({ path, command }) => {
    const seen =
      path === ""
        ? "__fish_use_subcommand"
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    return [
      ...command.commands.map(
        (sub) => `complete -c keyfold -n '${seen}' -f -a ${sub.name()} -d ${quoted(sub.description())}\n`,
      ),
      ...command.options
        .filter(({ long }) => long)
        .map(
          ({ long, description }) =>
            `complete -c keyfold -n '${seen}' -l ${long!.slice(2)} -d ${quoted(description)}\n`,
        ),
    ].join("");
  })
  .join("")}`,
} as const;

export type Shell = keyof typeof SHELLS;

const quoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;

interface Named {
  path: string;
  command: Command;
}

function commands(program: Command, path = ""): Named[] {
  return [
    ...program.commands.flatMap((command) => commands(command, `${path} ${command.name()}`.trim())),
    { path, command: program },
  ];
}

/** The deepest command first: the first case that matches is taken. */
function cases(program: Command, line: (path: string, words: string) => string): string {
  return commands(program)
    .map(({ path, command }) => {
      const words = [
        ...command.commands.map((sub) => sub.name()),
        ...command.options.flatMap(({ long }) => (long ? [long] : [])),
      ];
      return line(path, words.join(" "));
    })
    .join("");
}
