"""What the examples of Alloy's documentation leave to the reader, filled in."""

# What Alloy refuses as it stands: text of the example, and what a reader would put in its place.
FILLED_IN = {
    "build-pipelines__085.alloy": [('action   = "keep"', 'stage.decolorize {}')],
    "loki.secretfilter__326.alloy": [('"<PATH_TARGETS>"', '[{__path__ = "/var/log/app.log"}]')],
    "modules__114.alloy": [("LOG_TARGETS", '[{__path__ = "/var/log/app.log"}]'), ("LOKI_URL", 'sys.env("LOKI_URL")')],
}
# The file beside modules__114.alloy, from the same page of Alloy's documentation.
HELPERS = """declare "log_filter" {
  argument "write_to" {
    optional = false
  }

  export "filter_input" {
    value = loki.process.filter.receiver
  }

  loki.process "filter" {
    stage.match {
      selector = `{job!=""} |~ "level=(debug|info)"`
      action   = "drop"
    }
    forward_to = argument.write_to.value
  }
}
"""


def fill_in(name, text):
    for a, b in FILLED_IN.get(name, []):
        text = text.replace(a, b)
    return text
