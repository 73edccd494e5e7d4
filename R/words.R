# What Python says in words of its own, as R says it. Every message passes here, Python's and R's, in abort_tidydl() and
# for warnings of Python in call_python(); quoted text, such as a path, stays as it is.

words_of_r <- c(
  # values
  "(`[^`]+`(?: is| gave| holds)?) None(?= for |[.,:]|$)" = "\\1 NULL",
  "(`[^`]+`) None\\b" = "\\1 NULL",
  "\\bNone \\(NULL\\)" = "NULL",
  "\\bNone, NA\\b" = "NA",
  "(`[^`]+`(?: is| gave| holds)?) a missing value\\b" = "\\1 NA",
  "(`[^`]+`(?: is| gave| holds)?) -inf\\b" = "\\1 -Inf",
  "(`[^`]+`(?: is| gave| holds)?) inf(?= for |[.,:])" = "\\1 Inf",
  "(`[^`]+`(?: is| gave| holds| to)?) ([Tt]rue|[Ff]alse)\\b" = "\\1 \\U\\2",
  "\\bTrue or [Ff]alse\\b" = "TRUE or FALSE",
  "\\bOne true or false\\b" = "One TRUE or FALSE",
  "^(True|False)\\.$" = "\\U\\1.",
  "^Nothing\\.$" = "NULL.",
  "\\bor true\\b" = "or TRUE",
  "\\bor (True|False)\\b" = "or \\U\\1",
  "(changes nothing:) (True|False)\\." = "\\1 \\U\\2.",
  "(changes nothing:) None\\." = "\\1 NULL.",
  "\\b(\\w+)=(True|False)\\b" = "\\1 = \\U\\2",
  "\\b(\\w+)=(?=c\\(|\u2026|$)" = "\\1 = ",
  # kinds of values
  "\\b([Aa])n? (?:dict|OrderedDict)\\b" = "\\1 named list",
  "\\b(d)ictionary\\b" = "named list",
  "\\b(D)ictionary\\b" = "Named list",
  "\\bdictionaries\\b" = "named lists",
  "\\b([Aa]) list of (such|numbers|strings)\\b" = "\\1 vector of \\2",
  "\\ba list or Series of strings\\b" = "a vector of strings",
  "\\b(?:an? )?encoded bytes\\b" = "a raw vector with the file",
  "\\ba PIL image\\b" = "a raster",
  "\\bsplits of load_dataset\\(\\), or a stream\\." = "or several by split in a named list.",
  # functions
  "\\bstream\\(\\)" = "stream_dataset()",
  "\\bwrite_dataset\\(ppl\\(stream\\), path\\)" = "stream_dataset(path, ppl, output = ...)",
  "\\bset_seed\\(" = "set.seed(",
  "\\bpandas\\.DataFrame\\(" = "as.data.frame(",
  "\\bpandas\\.read_spss\\(" = "haven::read_sav(",
  "\\bpandas\\.read_stata\\(" = "haven::read_dta(",
  "\\bpandas\\.read_sas\\(" = "haven::read_sas(",
  "\\bR's load_dataset\\(\\) reads it, and .*" = "load_dataset() reads it, given its own path.",
  "\\bpandas\\.read_excel\\(" = "readxl::read_excel(",
  "\\bpandas\\.read_feather\\(" = "arrow::read_feather(",
  "\\bpandas\\.read_csv\\(" = "read.csv(",
  "^, decimal = $" = ", dec = "
)

in_words_of_r <- function(text) {
  if (length(text) > 1L) {
    return(vapply(text, in_words_of_r, "", USE.NAMES = FALSE))
  }
  if (is.null(text)) {
    return(text)
  }
  text <- valid_text(text)
  text <- gsub("\\{'(\\w+)': ('[^']*'|\\[[^]]*\\])\\}", "list(\\1 = \\2)", text, perl = TRUE)
  text <- gsub("\\[((?:'[^']*', )*'[^']*')\\]", "c(\\1)", text, perl = TRUE)
  text <- gsub("os\\.makedirs\\(('[^']*')\\)", "dir.create(\\1, recursive = TRUE)", text)
  text <- sub("pandas.read_sas(path, format='xport')", "haven::read_xpt(path)", text, fixed = TRUE)
  quoted <- gregexpr("(?<!\\w)('[^'\n]*'|\"[^\"\n]*\")(?!\\w)", text, perl = TRUE)
  plain <- regmatches(text, quoted, invert = TRUE)[[1]]
  for (said in names(words_of_r)) {
    plain <- gsub(said, words_of_r[[said]], plain, perl = TRUE)
  }
  regmatches(text, quoted, invert = TRUE) <- list(plain)
  text
}
