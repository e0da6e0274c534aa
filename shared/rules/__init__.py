"""Pure rules of marking: values in, values out."""
