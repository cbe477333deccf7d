"""What each built-in data set that isn't a density is, in a sentence."""

ABOUT = {
    "digits": "Handwritten digits of 8 × 8 pixels, from scikit-learn.",
    "mnist": "Handwritten digits of 28 × 28 pixels.",
    "fashion-mnist": "Clothes, shoes and bags of 28 × 28 pixels.",
    "mnist-14": "Handwritten digits of MNIST, made smaller to 14 × 14 pixels.",
    "sketches": (
        "Drawn by a program, not by people: seven things, each in several ways, rendered as Quick, Draw! renders its "
        "bitmaps; one in fifty is a scribble."
    ),
    "shapes": "Drawn by a program: a square, an ellipse or a heart, by five known factors.",
    "shapes-64": "Drawn by a program: a square, an ellipse or a heart, by five known factors, of 64 × 64 pixels.",
    "three-d": "Traced by a program: a box, an egg or a barrel, by four known factors.",
    "photovoltaic": "Computed by a program: what six sensors of a photovoltaic plant read in ten conditions, by days.",
    "photovoltaic-normal": (
        "Computed by a program: what six sensors of a photovoltaic plant without a fault read, under three skies."
    ),
    "photovoltaic-windows": (
        "Computed by a program: a quarter of an hour of what six sensors of a photovoltaic plant without a fault read."
    ),
    "photovoltaic-random": (
        "Computed by a program: what six sensors of a photovoltaic plant read in ten conditions, days mixed."
    ),
    "shuttle": "What nine sensors of a space shuttle read, in its usual state or not; the package river carries it.",
}
