# Calls with hostile arguments, drawn at random: every error of a public function has to be one of ours. What R's own
# matching of arguments says ("unused argument"), or a generic without a method, is R's: no line of tidydl ran.

fuzz_kinds <- list(
  data = c("frames", "frames", "frames", "vectors", "objects"), numbers = c("vectors", "vectors", "frames", "scalars",
    "objects"),
  scalar = c("scalars", "scalars", "texts", "vectors", "objects"), text = c("texts", "texts", "scalars", "vectors",
    "objects"),
  path = c("paths", "paths", "texts", "objects"), object = c("scalars", "texts", "vectors", "objects", "paths",
    "frames")
)

fuzz_data <- function() {
  rows <- 0:11
  data.frame(
    x = sin(rows), z = cos(rows * 2), g = c("a", "b", "c")[rows %% 3 + 1], k = c("u", "v")[rows %% 2 + 1],
    y = (rows %% 5) / 5, w = 1 + rows %% 2, stringsAsFactors = TRUE
  )
}

fuzz_fits <- function() {
  set.seed(1)
  data <- fuzz_data()
  quick <- function(...) nnet(..., size = 1, maxit = 5, trace = FALSE)
  fits <- list(
    network = quick(g ~ x + k, data, Hess = TRUE), numbers = quick(y ~ x + z, data), average = quick(g ~ x + k, data,
      repeats = 2),
    matrix = quick(as.matrix(data[c("x", "z")]), data$y), multinom = multinom(g ~ x + k, data, maxit = 20,
      trace = FALSE, model = TRUE),
    search = tune_nnet(g ~ x, data, size = 1:2, resamples = 2, maxit = 2)
  )
  c(fits, list(
    confusion = confusion(fits$network), importance = olden(fits$numbers), profile = lekprofile(fits$numbers, data,
      steps = 3)
  ))
}

# A subject is a list of the name, the function, the arguments of a valid call, the kinds of those and of others, and
# how often it is drawn.
subject <- function(name, call, base, kinds, share = 1) {
  list(name = name, call = call, base = base, kinds = strsplit(kinds, "\\s+")[[1]], share = share)
}

kinds_of <- function(words) {
  parts <- strsplit(words, "=", fixed = TRUE)
  stats::setNames(vapply(parts, `[[`, "", 2), vapply(parts, `[[`, "", 1))
}

fuzz_subjects <- function(fits, folder) {
  data <- fuzz_data()
  fit <- function(name) list(object = fits[[name]])
  fitting <- paste(
    "Wts=numbers mask=numbers linout=scalar entropy=scalar softmax=scalar censored=scalar skip=scalar rang=scalar",
    "decay=numbers maxit=scalar Hess=scalar trace=scalar MaxNWts=scalar abstol=scalar reltol=scalar weights=numbers",
    "subset=numbers na.action=object contrasts=object engine=text device=text threads=scalar repeats=scalar
      size=scalar"
  )
  with_formula <- function(...) list(formula = g ~ x + k, data = data, ...)
  embedded <- data.frame(.row = 1:3, text = c("a", "b", "c"), dim_1 = c(1, 0, NA), dim_2 = c(0, 1, 2))
  result <- data.frame(.row = c(1, 1), text = "a", rank = 1:2, label = c("u", "v"), score = c(0.6, 0.4))
  csv <- file.path(folder, "frame.csv")
  loading <- paste(
    "name=text data_dir=text data_files=text split=text columns=text n=scalar sample=scalar seed=scalar as=text
      revision=text",
    "token=text streaming=scalar cache_dir=text verification_mode=text sep=text field=text"
  )
  results <- c("network", "numbers", "average", "multinom", "search", "confusion", "importance", "profile")
  generic <- function(name, f, kinds = results) {
    lapply(kinds, function(kind) {
      subject(name, f, stats::setNames(list(fits[[kind]]), names(formals(f))[[1]]), "", 0.1)
    })
  }
  predicted <- lapply(c("network", "numbers", "average", "multinom", "search"), function(kind) {
    list(
      subject("predict", stats::predict, list(object = fits[[kind]], newdata = data), "newdata=data type=text", 0.8),
      subject("augment", augment, list(x = fits[[kind]], data = data), "data=data newdata=data", 0.7)
    )
  })
  c(
    list(
      subject("nnet", nnet, with_formula(size = 1, maxit = 3, trace = FALSE), paste("formula=object data=data",
        fitting), 4),
      subject("nnet", nnet, list(x = as.matrix(data["x"]), y = data$y, size = 1, maxit = 3, trace = FALSE),
        paste("x=numbers y=numbers", fitting), 3),
      subject("multinom", multinom, with_formula(trace = FALSE, maxit = 5), paste("formula=object data=data
        summ=scalar model=scalar", fitting), 3),
      subject("tune_nnet", tune_nnet, with_formula(size = 1:2, resamples = 2, maxit = 2), paste("formula=object
        data=data resamples=object times=scalar prop=scalar metric=text", fitting), 2),
      subject("confusion", confusion, list(data = data, truth = "g", estimate = "g"), "data=data truth=text
        estimate=text", 1.5),
      subject("hessian", hessian, list(net = fits$matrix, x = as.matrix(data[c("x", "z")]), y = data$y), "net=object
        x=numbers y=numbers weights=numbers"),
      subject("importance", importance, list(fit = fits$numbers, method = "permutation", data = data, repeats = 2),
        "fit=object method=text data=data y=numbers metric=text repeats=scalar seed=scalar", 1.5),
      subject("garson", garson, list(fit = fits$numbers), "fit=object", 0.3),
      subject("olden", olden, list(fit = fits$numbers), "fit=object", 0.3),
      subject("lekprofile", lekprofile, list(fit = fits$numbers, data = data, steps = 3), "fit=object data=data
        steps=scalar xsel=text ysel=text group_vals=numbers group_show=scalar grp_nms=text", 1.5),
      subject("split_data", split_data, list(data = data), "data=data prop=scalar strata=text seed=scalar", 1.5),
      subject("plotnet", plotnet, list(mod_in = fits$network), "mod_in=object x_names=text y_names=text nid=scalar
        all_out=scalar all_in=text bias=scalar rel_rsc=scalar circle_cex=scalar node_labs=scalar
        var_labs=scalar cex_val=scalar alpha_val=scalar circle_col=text pos_col=text neg_col=text bord_col=text
        max_sp=scalar prune_col=text prune_lty=text skip=scalar", 2),
      subject("plot_images", plot_images, list(data = data.frame(image = I(list(matrix(0, 4, 4))))), "data=data
        n=scalar image=text caption=text ncol=scalar seed=scalar", 1.5),
      subject("load_dataset", load_dataset, list(path = csv), paste("path=path", loading), 3),
      subject("load_dataset", load_dataset, list(path = broken_file), "", 3),
      subject("stream_dataset", stream_dataset, list(path = csv, callback = function(batch) NULL), "path=path
        callback=object batch_size=scalar output=path augment=scalar prefix=text progress=scalar", 2),
      subject("features", features, list(data = data), "data=data", 1.5),
      subject("as_dataset", as_dataset, list(data = data), "data=data", 1),
      subject("write_dataset", write_dataset, list(data = data, path = file.path(folder, "out.parquet")), "data=data
        path=path progress=scalar", 3),
      subject("save_model", save_model, list(fit = fits$network, file = file.path(folder, "fit.json")), "fit=object
        file=path", 1.5),
      subject("load_model", load_model, list(file = file.path(folder, "fit.json")), "file=path"),
      subject("load_model", load_model, list(file = broken_model), "", 2),
      subject("example_data", example_data, list(name = "bigfive"), "name=text split=text", 0.5),
      subject("example_model", example_model, list(name = "digits"), "name=text", 0.3),
      subject("cache", cache, list(), "remove=text", 0.5),
      subject("tasks", tasks, list(), "task=text", 0.5),
      subject("forget", forget, list(), "model=object", 0.5),
      subject("similarity", similarity, list(x = embedded), "x=data y=data method=text pairs=text top_k=scalar", 1.5),
      subject("widen", widen, list(x = result), "x=data", 1.5),
      subject("pipeline", pipeline, list(task = "text-classification", model = file.path(folder, "folder")),
        "task=text model=path tokenizer=object revision=text device=text dtype=text use_safetensors=scalar
        trust_remote_code=scalar token=text top_k=scalar batch_size=scalar", 1.5),
      subject("embed", embed, list(x = "a", model = file.path(folder, "folder")), "x=data model=path pooling=text
        normalize=scalar text=text image=text device=text progress=scalar", 1),
      subject("tidy", tidy, list(x = fits$multinom), "conf.int=scalar conf.level=scalar exponentiate=scalar", 0.7),
      subject("confint", stats::confint, fit("network"), "parm=text level=scalar", 0.7),
      subject("confint", stats::confint, fit("multinom"), "parm=text level=scalar", 0.5),
      subject("vcov", stats::vcov, fit("multinom"), "", 0.1),
      subject("logLik", stats::logLik, fit("network"), "", 0.1),
      subject("anova", function(object, other, ...) stats::anova(object, other, ...), list(object = fits$multinom,
        other = fits$multinom), "other=object test=text", 0.7)
    ),
    fuzz_doors(folder),
    unlist(predicted, recursive = FALSE), generic("tidy", tidy), generic("glance", glance),
    generic("summary", summary), generic("coef", stats::coef, c("network", "average", "multinom", "search"))
  )
}

# The doors to Python that code of courses uses.
fuzz_doors <- function(folder) {
  script <- file.path(folder, "script.py")
  writeLines("one = 1", script)
  told <- "packages=text" # while Python runs, nothing is installed or chosen
  list(
    subject("import", import, list(module = "json"), "module=text as=text convert=scalar delay_load=scalar", 0.7),
    subject("import_builtins", import_builtins, list(), "convert=scalar", 0.2),
    subject("py_to_r", function(x) invisible(py_to_r(x)), list(x = 1), "x=object", 0.4),
    subject("r_to_py", r_to_py, list(x = 1), "x=object convert=scalar", 1),
    subject("py_run_string", py_run_string, list(code = "a = 1"), "code=text local=scalar convert=scalar", 0.5),
    subject("source_python", source_python, list(file = script, envir = new.env()), "file=path envir=object", 0.5),
    subject("dict", dict, list(a = 1, b = 2), "a=object b=data convert=scalar", 0.7),
    subject("tuple", tuple, list(1, 2), "x=object convert=scalar", 0.5),
    subject("np_array", np_array, list(data = 1:3), "data=numbers dtype=text order=text", 0.7),
    subject("array_reshape", array_reshape, list(x = 1:4, dim = c(2, 2)), "x=numbers dim=numbers order=text", 0.7),
    subject("iterate", iterate, list(it = list(1, 2)), "it=object f=object simplify=scalar", 0.7),
    subject("py_available", py_available, list(), "initialize=scalar", 0.2),
    subject("py_module_available", py_module_available, list(module = "json"), "module=text", 0.4),
    subject("py_config", py_config, list(), "", 0.1),
    subject("conda_list", conda_list, list(), "conda=text", 0.1),
    subject("py_install", py_install, list(packages = "torch"), told, 0.2),
    subject("py_require", py_require, list(packages = "torch"), told, 0.2),
    subject("conda_create", conda_create, list(), told, 0.2),
    subject("virtualenv_create", virtualenv_create, list(), told, 0.2),
    subject("install_miniconda", install_miniconda, list(), "path=path force=scalar", 0.1),
    subject("use_python", use_python, list(python = "python3"), "python=path required=scalar", 0.3),
    subject("use_virtualenv", use_virtualenv, list(), "virtualenv=path required=scalar", 0.3),
    subject("use_condaenv", use_condaenv, list(), "condaenv=text conda=text", 0.1)
  )
}

# Files with something wrong.
broken_file <- function(folder) {
  content <- list(
    raw(), as.raw(c(0, 0)), as.raw(255), charToRaw("x,y\n\"a"), charToRaw("x,x\n1,2\n"), charToRaw("x\n\xff\n"),
    charToRaw(strrep("[", 50000)), charToRaw("{\"a\": 1}\n[2]\n"), charToRaw("[{\"a\": 1}, 2]"), charToRaw("PAR1"),
    as.raw(c(0x1f, 0x8b, 8)), charToRaw("PK\x03\x04"), charToRaw("---\nconfigs: [\n---\n"), charToRaw("RDX3\n"),
    charToRaw("x\n9\n") |> rep(50)
  )[[sample.int(15, 1)]]
  ending <- sample(c("csv", "tsv", "json", "jsonl", "parquet", "arrow", "txt", "zip", "gz", "png", "rds", "rda",
    "wav"), 1)
  path <- tempfile("broken", folder, paste0(".", ending))
  writeBin(content, path)
  path
}

broken_model <- function(folder) {
  text <- readChar(file.path(folder, "fit.json"), 1e6, useBytes = TRUE)
  places <- gregexpr("-?[0-9.e+-]+|\"[^\"]*\"|null|true|false", text)
  held <- regmatches(text, places)[[1]]
  held[[sample.int(length(held), 1)]] <- sample(c("null", "-1", "1e999", "\"x\"", "[]", "{}", "[[1]]", "",
    "\"\\ud800\"", "true"), 1)
  regmatches(text, places) <- list(held)
  path <- tempfile("broken", folder, ".json")
  writeLines(text, path)
  path
}

fuzz_folder <- function(fits) {
  folder <- scratch_folder()
  dir.create(file.path(folder, "folder"))
  utils::write.csv(fuzz_data(), file.path(folder, "frame.csv"), row.names = FALSE)
  save_model(fits$network, file.path(folder, "fit.json"))
  folder
}

# Draws a call: the subject, its arguments and words for it.
drawn_call <- function(subjects, pool, folder) {
  shares <- vapply(subjects, `[[`, 1, "share")
  subject <- subjects[[sample.int(length(subjects), 1, prob = shares)]]
  is_maker <- function(value) identical(value, broken_file) || identical(value, broken_model)
  arguments <- lapply(subject$base, function(value) if (is_maker(value)) value(folder) else value)
  kinds <- if (length(subject$kinds)) kinds_of(subject$kinds)
  words <- character()
  required <- intersect(names(arguments), names(kinds))
  if (length(required) && stats::runif(1) < 0.08) {
    left <- sample(required, 1)
    arguments[[left]] <- NULL
    words <- sprintf("without %s", left)
  } else if (length(kinds)) {
    for (name in sample(names(kinds), min(length(kinds), if (stats::runif(1) < 0.7) 1 else 2))) {
      part <- sample(fuzz_kinds[[if (stats::runif(1) < 0.8) kinds[[name]] else "object"]], 1)
      value <- sample(names(pool[[part]]), 1)
      arguments[name] <- pool[[part]][value]
      words <- c(words, sprintf("%s = %s", name, value))
    }
  }
  list(call = subject$call, arguments = arguments, name = subject$name, words = sprintf("%s(%s)", subject$name,
    paste(words, collapse = ", ")))
}

# Makes a call and gives the error that left it with the innermost function of ours that it passed, or NULL.
attempted <- function(drawn) {
  place <- NULL
  setTimeLimit(elapsed = 20, transient = TRUE)
  on.exit(setTimeLimit())
  note <- function(cnd) {
    if (!inherits(cnd, "tidydl_error")) place <<- ours_among(sys.calls(), sys.frames())
  }
  tryCatch(
    {
      utils::capture.output(suppressMessages(suppressWarnings(
        withCallingHandlers(shown(do.call(drawn$call, drawn$arguments, quote = TRUE)), error = note)
      )))
      NULL
    },
    error = function(cnd) list(error = cnd, place = place)
  )
}

shown <- function(result) if (!inherits(result, c("ggplot", "python.builtin.object"))) print(result)

ours_among <- function(calls, frames) {
  space <- asNamespace("tidydl")
  here <- environment(ours_among) # whose surroundings are the package's own too
  ours <- vapply(frames, function(frame) {
    while (!identical(frame, here) && !identical(frame, space) && !identical(frame,
      emptyenv())) frame <- parent.env(frame)
    identical(frame, space)
  }, NA)
  if (!any(ours)) {
    return("none of ours")
  }
  named <- calls[[max(which(ours))]][[1]]
  if (is.name(named)) as.character(named) else "a function"
}

is_raw_error <- function(problem) {
  !is.null(problem) && (inherits(problem$error, "tidydl_error_internal") || !inherits(problem$error,
    "tidydl_error")) &&
    !identical(problem$place, "none of ours")
}

fuzz_tries <- function(default) as.integer(Sys.getenv("TIDYDL_FUZZ_TRIES", default))

# Makes tries; a data frame with a row for each that ended in what is not ours.
raw_errors <- function(tries, seed = as.integer(Sys.getenv("TIDYDL_FUZZ_SEED", "1"))) {
  register_raising()
  withr::local_seed(1)
  fits <- fuzz_fits() # with the compiled code that is there, before the cache is another
  withr::local_envvar(HF_HUB_OFFLINE = "1", HF_HOME = tempfile("home"), TIDYDL_CACHE = tempfile("cache"))
  folder <- fuzz_folder(fits)
  withr::local_dir(file.path(folder, "folder"))
  pool <- fuzz_pool(folder)
  subjects <- fuzz_subjects(fits, folder)
  rows <- lapply(seq_len(tries), function(number) {
    set.seed(seed * 100000 + number)
    drawn <- drawn_call(subjects, pool, folder)
    problem <- attempted(drawn)
    if (is_raw_error(problem)) {
      said <- substr(paste(cli::ansi_strip(conditionMessage(problem$error)), collapse = " "), 1, 120)
      data.frame(
        number = number, name = drawn$name, words = drawn$words, class = class(problem$error)[[1]],
        place = if (is.null(problem$place)) "python" else problem$place, said = gsub("\n", " ", said, useBytes = TRUE)
      )
    }
  })
  do.call(rbind, rows)
}
