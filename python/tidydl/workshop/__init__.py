"""The libraries that courses use, as their code knows them: ``from tidydl.workshop import transformers, datasets``.

Both are the installed libraries. Names, arguments and results that have changed since transformers 4 and datasets 2 are
as they were; code that imports the libraries themselves is not affected. R's ``import()`` gives the same modules.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    ["datasets", "evaluate", "transformers"],
    {
        "modules": ["course_module"],
        "course_pipeline": ["CoursePipeline"],
        "course_results": ["CourseRecord", "CourseResult"],
    },
)
