from .data.examples import example_data as example_data
from .data.examples import example_model as example_model
from .data.examples import examples as examples
from .data.loading import load_dataset as load_dataset
from .errors import TidydlError as TidydlError
from .networks.classification import class_ind as class_ind
from .networks.classification import confusion as confusion
from .networks.fit import nnet as nnet
from .pipelines.embedding import embed as embed
from .pipelines.predictions import widen as widen
from .pipelines.registry import tasks as tasks
from .pipelines.runner import pipeline as pipeline
from .plots.images import plot_images as plot_images
from .plots.network import plotnet as plotnet
from .rng import runif as runif
from .rng import sample as sample
from .rng import set_seed as set_seed
from .situation import sitrep as sitrep
from .verbs import augment as augment
from .verbs import coef as coef
from .verbs import fitted as fitted
from .verbs import glance as glance
from .verbs import predict as predict
from .verbs import residuals as residuals
from .verbs import summary as summary
from .verbs import tidy as tidy

__version__: str
