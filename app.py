"""Opens Atelier: `python app.py`, then http://127.0.0.1:7860. A Hugging Face Space starts here too."""

from demo import page, serving

demo = page()

if __name__ == "__main__":
    demo.launch(**serving())
