"""Pictures of the synthetic mouse, rendered with OpenGL on a GPU or a CPU.

One picture takes three steps: `backdrop` draws once per view what a camera sees without the mouse;
`studio` draws the mouse (`fur`) in ideal coordinates and puts it, its shadow and its mirror image
through the lens into a window of the backdrop (`compositor`); `sensor` makes 8-bit pictures of it.
"""

from mousegpt.synthetic.rendering.context import open_context
from mousegpt.synthetic.rendering.renderer import Picture, Renderer
from mousegpt.synthetic.rendering.studio import Quality

__all__ = ["Picture", "Quality", "Renderer", "open_context"]
