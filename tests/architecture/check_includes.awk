# Usage: awk -f check_includes.awk arrows.txt FILE...   (paths of the files relative to the project's root)
# Prints each #include that arrows.txt does not allow, and exits 1 if there is one.

function complain(text) {
  print text
  complaints++
}

# "a/b/c.hpp" -> "a/b"
function folder_of(path) {
  sub(/\/[^\/]*$/, "", path)
  return path
}

# "a/b/c.hpp" -> "c"
function stem_of(path) {
  sub(/^.*\//, "", path)
  sub(/\.[^.]*$/, "", path)
  return path
}

# Only a * at the end is special.
function matches(text, pattern) {
  if (pattern ~ /\*$/) return index(text, substr(pattern, 1, length(pattern) - 1)) == 1
  return text == pattern
}

function rank_of(stem,    room, i, n, patterns) {
  for (room = 1; room <= room_count; room++) {
    n = split(room_files[room], patterns, " ")
    for (i = 1; i <= n; i++)
      if (matches(stem, patterns[i])) {
        met[room] = 1
        return room
      }
  }
  return 0
}

# The first row that fits: a plugin's folder fits attention_plugins/*, the host's has a row of its own before it.
function folder_row(folder,    i) {
  for (i = 1; i <= folder_count; i++)
    if (matches(folder, folder_name[i])) return i
  return 0
}

function folder_allows(row, to, stem,    i, n, targets, parts, room) {
  n = split(folder_targets[row], targets, " ")
  for (i = 1; i <= n; i++) {
    if (targets[i] == to) return 1
    if (split(targets[i], parts, "@") == 2 && parts[1] == to) {
      room = rank_of(stem)
      if (room > 0 && room_line[room] == parts[2]) return 1
    }
  }
  return 0
}

function library_allows(library, file,    i, n, places) {
  n = split(library_places[library], places, " ")
  for (i = 1; i <= n; i++)
    if (places[i] == file || (places[i] ~ /\/$/ && index(file, places[i]) == 1)) return 1
  return 0
}

function check_project_header(header,    from, to, row, mine, other) {
  from = folder_of(FILENAME)
  if (header !~ /\//) header = from "/" header # "attention_run.h", as the C headers include each other
  to = folder_of(header)
  if (from == to) {
    if (from != "config_engine") return
    mine = rank_of(stem_of(FILENAME))
    other = rank_of(stem_of(header))
    if (mine == 0 || other == 0)
      complain(FILENAME ":" FNR ": " (mine == 0 ? FILENAME : header) " belongs to no room of arrows.txt")
    else if (other > mine)
      complain(FILENAME ":" FNR ": the room " room_name[mine] " includes " header ", but the room " room_name[other] " lies above it")
    return
  }
  row = folder_row(from)
  if (row == 0)
    complain(FILENAME ":" FNR ": the folder " from " is not in arrows.txt")
  else if (!folder_allows(row, to, stem_of(header)))
    complain(FILENAME ":" FNR ": " from " must not include " header)
}

function check_library_header(header,    library) {
  if (header !~ /\//) return # the standard library's
  library = header
  sub(/\/.*$/, "", library)
  if (!(library in library_places))
    complain(FILENAME ":" FNR ": the library of <" header "> is not in arrows.txt")
  else if (!library_allows(library, FILENAME))
    complain(FILENAME ":" FNR ": <" header "> must not be included here, only in: " library_places[library])
}

# The table.
NR == FNR {
  if (/^#/ || /^[ \t]*$/) next
  if (/^\[/) { section = $0; next }
  if (section == "[rooms]") {
    if ($1 == "line") { line = $2; sub(/:$/, "", line); next }
    name = $1
    sub(/:$/, "", name)
    files = $0
    if (!sub(/^[^:]*:/, "", files)) files = name
    room_name[++room_count] = name
    room_files[room_count] = files
    room_line[room_count] = line
    next
  }
  if ($2 != "->") { complain(FILENAME ":" FNR ": an arrow is missing"); next }
  name = $1
  targets = $0
  sub(/^.*->/, "", targets)
  if (section == "[folders]") {
    folder_name[++folder_count] = name
    folder_targets[folder_count] = targets
  } else {
    library_places[name] = targets
  }
  next
}

FNR == 1 { file_count++ }
/^[ \t]*#[ \t]*include[ \t]*"/ {
  split($0, quoted, "\"")
  check_project_header(quoted[2])
  include_count++
}
/^[ \t]*#[ \t]*include[ \t]*</ {
  header = $0
  sub(/^[^<]*</, "", header)
  sub(/>.*$/, "", header)
  check_library_header(header)
  include_count++
}

END {
  for (room = 1; room <= room_count; room++)
    if (!met[room] && !partial) complain("arrows.txt: no file belongs to the room " room_name[room])
  printf "%d includes in %d files, %d not allowed\n", include_count, file_count, complaints
  exit complaints > 0
}
