"""What brings shards of a work to where they are worked on, and the results back in the order of the shards.

A trainer cuts its work into shards that depend on the corpus alone. It gives them to a carrier, and sums up what comes
back. So the codebook depends neither on the carrier nor on the number of threads or workers.
"""
