# Where an object of Python came from, such as import("transformers")$pipeline(...): by it a pipeline, a tokenizer, a
# model or a data set that was saved is opened again when it is used in another session.

opened_by <- c("pipeline", "from_pretrained", "load_dataset")

origin_of <- function(x) if (is.function(x)) environment(x)$origin else attr(x, "origin", exact = TRUE)

with_origin <- function(x, origin) {
  if (is.null(origin) || !inherits(x, "tidydl_python")) {
    return(x)
  }
  if (is.function(x)) {
    assign("origin", origin, envir = environment(x))
  } else {
    attr(x, "origin") <- origin
  }
  x
}

# Of modules, and what is found in them.
origin_of_part <- function(x, name) {
  origin <- origin_of(x)
  if (!is.null(origin) && origin$how != "call") list(how = "attribute", of = origin, name = name)
}

origin_of_call <- function(origin, given) {
  if (!is.null(origin) && origin$how == "attribute" && origin$name %in% opened_by) {
    names <- if (is.null(names(given))) character(length(given)) else names(given)
    secret <- vapply(seq_along(given), function(i) is_token(given[[i]], names[[i]]), NA)
    list(how = "call", of = origin, given = given[!secret]) # which saveRDS() writes to a file
  }
}

opened_again <- function(origin) {
  if (is.null(origin)) {
    abort_tidydl(
      "bridge", "The object is of another session, whose Python has ended.", "An object of this session.",
      "Create it again: only modules, pipelines, tokenizers, models and data sets open again by themselves."
    )
  }
  reference_of(made_again(origin))
}

# The origin may come from a file of somebody else's: it calls nothing but what opens models and data sets, and imports
# nothing from the working directory.
made_again <- function(origin) {
  if (!is_safe_origin(origin)) {
    abort_tidydl(
      "bridge", "The object of another session does not say how it can be opened again safely.",
      "A pipeline, tokenizer, model or data set of transformers or datasets.", "Create it again."
    )
  }
  switch(origin$how,
    import = imported(origin$name, TRUE),
    attribute = on_object("attribute", made_again(origin$of), origin$name),
    call = do.call(made_again(origin$of), origin$given, quote = TRUE)
  )
}

is_safe_origin <- function(origin) {
  if (!is.list(origin) || is.object(origin) || !is_path(origin$how)) {
    return(FALSE)
  }
  switch(origin$how,
    import = is_path(origin$name) && py_module_available(origin$name),
    attribute = is_path(origin$name) && is_safe_origin(origin$of),
    call = is_safe_call(origin),
    FALSE
  )
}

is_safe_call <- function(origin) {
  opener <- origin$of
  if (!is.list(opener) || !identical(opener$how, "attribute") || !isTRUE(opener$name %in% opened_by)) {
    return(FALSE)
  }
  root <- opener
  while (is.list(root) && identical(root$how, "attribute")) root <- root$of
  of_course <- is.list(root) && identical(root$how, "import") && isTRUE(root$name %in% c("transformers", "datasets"))
  trusting <- c("trust_remote_code", "use_safetensors", "trusted", "code_revision")
  plain <- vapply(origin$given, function(value) !is.function(value) || is_python_object(value), NA)
  of_course && is.list(origin$given) && all(plain) && !any(names(origin$given) %in% trusting)
}

is_of_ended_python <- function(x) {
  !inherits(x, "tidydl_delayed") && is.null(origin_of(x)) &&
    is_ended(if (is.function(x)) environment(x)$reference else x)
}
