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
    list(how = "call", of = origin, given = given)
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

made_again <- function(origin) {
  switch(origin$how,
    import = imported(origin$name, TRUE),
    attribute = on_object("attribute", made_again(origin$of), origin$name),
    call = do.call(made_again(origin$of), origin$given, quote = TRUE)
  )
}

is_of_ended_python <- function(x) {
  !inherits(x, "tidydl_delayed") && is.null(origin_of(x)) &&
    is_ended(if (is.function(x)) environment(x)$reference else x)
}
