# Errors with the three parts of Python's (python/tidydl/errors.py): what was wrong, what is allowed, what to do.

abort_tidydl <- function(kind, problem, allowed = NULL, hint = NULL, call = rlang::caller_env(), ...) {
  problem <- printable(valid_text(problem))
  allowed <- printable(valid_text(allowed))
  hint <- printable(valid_text(hint))
  trace <- trace_to(rlang::current_env())
  if (holds_token(sys.calls())) {
    trace$call <- lapply(trace$call, token_hidden)
    call <- without_token(call)
  }
  rlang::abort(
    c(problem, i = allowed, ">" = hint),
    class = c(paste0("tidydl_error_", kind), "tidydl_error"),
    kind = kind, problem = problem, allowed = allowed, hint = hint, ..., call = call, trace = trace
  )
}

# The traceback, or one without frames: it shows the arguments of calls, whose own methods may fail where
# do.call() has put them into the call.
trace_to <- function(frame) {
  tryCatch(rlang::trace_back(bottom = frame), error = function(problem) rlang::trace_back(bottom = globalenv()))
}

# Calls are shown with errors and copied into reports, so access tokens in them are hidden.
without_token <- function(call) {
  if (is.environment(call)) {
    frames <- which(vapply(sys.frames(), identical, NA, call))
    call <- if (length(frames)) sys.call(frames[[length(frames)]]) else call
  }
  if (is.call(call)) token_hidden(call) else call
}

is_token <- function(x, name) {
  is.character(x) && (name %in% c("token", "use_auth_token") || length(x) == 1L && isTRUE(startsWith(x, "hf_")))
}

# Of the arguments of calls, those that are calls themselves included.
holds_token <- function(calls) {
  for (each in calls) {
    arguments <- as.list(each)
    names <- rlang::names2(arguments)
    for (i in seq_along(arguments)) {
      if (is_token(arguments[[i]], names[[i]]) || is.call(arguments[[i]]) && holds_token(arguments[i])) {
        return(TRUE)
      }
    }
  }
  FALSE
}

token_hidden <- function(call) {
  if (!is.call(call)) {
    return(call)
  }
  names <- rlang::names2(call)
  for (i in seq_along(call)) {
    if (is_token(call[[i]], names[[i]])) {
      call[[i]] <- as.name("<token>")
    } else if (is.call(call[[i]])) {
      call[[i]] <- token_hidden(call[[i]])
    }
  }
  call
}

# Text in which control characters are written as escapes, and addresses are without passwords, as Python's messages
# have them: a terminal obeys such characters instead of showing them, and names from files and data may hold them.
printable <- function(text) {
  addresses <- grepl("://", text, fixed = TRUE, useBytes = TRUE)
  shown <- gsub("://[^/[:space:]]+@", "://\u2026@", valid_text(text[addresses]))
  text[addresses] <- gsub("(://[^[:space:]?#;'\"<>]*[?#;])[^[:space:]'\"<>]+", "\\1\u2026", shown) # of signed URLs
  for (i in seq_along(text)) {
    codes <- utf8ToInt(enc2utf8(text[[i]]))
    if (anyNA(codes) || !any(is_control(codes))) {
      next
    }
    letters <- intToUtf8(codes, multiple = TRUE)
    controls <- codes[is_control(codes)]
    letters[is_control(codes)] <- ifelse(controls < 256L, sprintf("\\x%02x", controls), sprintf("\\u%04x", controls))
    text[[i]] <- paste(letters, collapse = "")
  }
  text
}

# The last ones turn the order of letters around.
is_control <- function(codes) {
  codes < 32L & codes != 9L & codes != 10L | codes >= 127L & codes < 160L |
    codes >= 0x202A & codes <= 0x202E | codes >= 0x2066 & codes <= 0x2069
}

# The error for a name that is not among the known ones, suggesting the nearest.
unknown_name <- function(argument, name, names, hint = NULL, kind = "not_found", call = rlang::caller_env()) {
  close <- nearest_name(name, names)
  abort_tidydl(
    kind, sprintf("`%s` %s is not known.", argument, quote_text(name)), one_of(names),
    if (is.null(close)) hint else sprintf("Did you mean '%s'?", close),
    call = call
  )
}

# The error for a column that a data frame does not have, listing those it has and suggesting the nearest.
abort_no_column <- function(problem, name, names, argument = "data", call = rlang::caller_env()) {
  close <- if (!is.null(name)) nearest_name(name, names)
  abort_tidydl(
    "column", problem, sprintf("Columns of `%s`: %s.", argument, paste0("'", names, "'", collapse = ", ")),
    if (!is.null(close)) sprintf("Did you mean '%s'?", close),
    call = call
  )
}

one_of <- function(names) {
  if (!length(names)) {
    return("There are none.")
  }
  shown <- paste0("'", utils::head(names, 40), "'", collapse = ", ")
  if (length(names) > 40) sprintf("One of %d: %s, \u2026.", length(names), shown) else sprintf("One of %s.", shown)
}

# Text that can be shown: bytes that are not UTF-8 are written as <ff>.
valid_text <- function(text) {
  if (!length(text)) {
    return(text)
  }
  bytes <- Encoding(text) == "bytes"
  Encoding(text)[bytes] <- "unknown"
  shown <- iconv(enc2utf8(text), "UTF-8", "UTF-8", sub = "byte")
  names(shown) <- names(text)
  shown
}

# Whether a warning is R's with this English text, in any language of R.
is_warning_of_r <- function(cnd, words) conditionMessage(cnd) %in% c(words, gettext(words, domain = "R"))

# Lower case as in every language but Turkish, which has another lower case of I.
small_letters <- function(x) tolower(chartr("I", "i", x))

# A text as Python's repr() writes it, anything else as it is.
quote_text <- function(x) {
  if (!is.character(x)) {
    return(format(x))
  }
  x <- valid_text(x)
  mark <- if (grepl("'", x, fixed = TRUE) && !grepl("\"", x, fixed = TRUE)) "\"" else "'"
  x <- gsub("\\", "\\\\", x, fixed = TRUE)
  if (mark == "'") {
    x <- gsub("'", "\\'", x, fixed = TRUE)
  }
  x <- gsub("\n", "\\n", gsub("\t", "\\t", gsub("\r", "\\r", x, fixed = TRUE), fixed = TRUE), fixed = TRUE)
  paste0(mark, x, mark)
}

# The known name nearest to a mistyped one, or NULL: Python's difflib.get_close_matches()
# with a cutoff of 0.6, so that both languages suggest the same.
nearest_name <- function(name, names) {
  lower <- small_letters(valid_text(as.character(names)))
  if (!length(lower)) {
    return(NULL)
  }
  likeness <- vapply(lower, text_likeness, numeric(1), small_letters(valid_text(as.character(name))), USE.NAMES = FALSE)
  best <- which(likeness == max(likeness))
  best <- best[order(lower[best], best, method = "radix", decreasing = TRUE)][[1]]
  if (likeness[[best]] >= 0.6) names[[best]]
}

# Twice the number of letters in common stretches, the longest first, by the number of letters (Ratcliff and
# Obershelp).
text_likeness <- function(a, b) {
  letters <- nchar(a) + nchar(b)
  if (letters == 0) {
    return(1)
  }
  2 * letters_in_common(utf8ToInt(enc2utf8(a)), utf8ToInt(enc2utf8(b))) / letters
}

letters_in_common <- function(a, b) {
  if (!length(a) || !length(b)) {
    return(0)
  }
  # run[i, j]: how long the stretch is that ends at a[i] and b[j]
  run <- matrix(0L, length(a) + 1, length(b) + 1)
  for (i in seq_along(a)) {
    run[i + 1, -1] <- ifelse(b == a[[i]], run[i, -ncol(run)] + 1L, 0L)
  }
  run <- run[-1, -1, drop = FALSE]
  longest <- max(run)
  if (longest == 0) {
    return(0)
  }
  # the stretch that starts first in a, then first in b
  ends <- which(run == longest, arr.ind = TRUE)
  end <- ends[order(ends[, 1], ends[, 2])[[1]], ]
  start <- end - longest
  longest + letters_in_common(a[seq_len(start[[1]])], b[seq_len(start[[2]])]) +
    letters_in_common(a[-seq_len(end[[1]])], b[-seq_len(end[[2]])])
}
