"""The smallest network: callbacks do not depend on its size."""

import dataclasses

import pytest


@pytest.fixture(scope="session")
def config(config):
    return dataclasses.replace(
        config,
        prior_flow=dataclasses.replace(config.prior_flow, n_flows=1),
        decoder=dataclasses.replace(config.decoder, resblock_dilations=((1,),)),
        discriminator=dataclasses.replace(
            config.discriminator,
            periods=(2,),
            period_channels=(4, 4),
        ),
    )
