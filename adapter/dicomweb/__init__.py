"""DICOMweb (PS3.18) over HTTP: requests that wait and try again within bounds, and multipart bodies as streams.

On `requests`, not on dicomweb-client: that holds a whole instance (or all that are sent) in memory, takes a body that
was cut off for an instance, encodes data sets anew (so that no digest holds), throws away the answer that says which
instances failed, and puts the URL of a search, with its identifiers, into messages and logs.
"""
